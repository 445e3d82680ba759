"""Pictures that any reader of PNG takes."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from loadtests.scenarios.pictures import PICTURES, WIDTH, draw


def test_pictures_are_real_and_differ() -> None:
    drawn = [draw(n) for n in range(PICTURES)]
    assert len(set(drawn)) == PICTURES
    for content in drawn:
        with Image.open(BytesIO(content)) as image:
            image.load()
            assert (image.format, image.width) == ("PNG", WIDTH)
        assert len(content) < 20_000
