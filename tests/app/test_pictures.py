from __future__ import annotations

import resource
import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from app.errors import Unprocessable, WrongMedia
from app.pictures import MOST_SCANS, Picture, Pictures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
CANARY = b"canary-41d2"
ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
RED, BLUE = (220, 20, 20), (20, 20, 220)


def draw(width: int = 64, height: int = 32) -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), RED)
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), BLUE)
    return image


def write(image: Image.Image, name: str, **given: Any) -> bytes:
    file = BytesIO()
    image.save(file, name, **given)
    return file.getvalue()


def read(picture: Picture) -> Image.Image:
    image = Image.open(BytesIO(picture.content))
    image.load()
    return image


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def huge_png(side: int) -> bytes:
    """A whole black-and-white picture, in a thousandth of the bytes that it takes in memory."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8) * 100) for _ in range(side // 100))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def is_like(color: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(color, tuple)
    return all(abs(one - other) < 40 for one, other in zip(color[:3], wanted, strict=True))


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    pictures = Pictures(24_000_000)
    yield pictures
    pictures.close()


@pytest.mark.parametrize("name", FORMATS)
async def test_a_picture_stays_what_it_is(pictures: Pictures, name: str) -> None:
    picture = await pictures.rewrite(BytesIO(write(draw(), name)))
    image = read(picture)
    assert (image.format, image.size) == (name, (64, 32))
    assert (picture.kind.content_type, picture.width, picture.height) == (FORMATS[name], 64, 32)
    assert is_like(image.convert("RGB").getpixel((8, 16)), RED)
    assert is_like(image.convert("RGB").getpixel((56, 16)), BLUE)


@pytest.mark.parametrize("name", FORMATS)
async def test_nothing_but_what_can_be_seen_is_left(pictures: Pictures, name: str) -> None:
    exif = Image.Exif()
    exif[MAKE] = CANARY.decode()
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (30.0, 16.0, 2.0)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", CANARY.decode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, dict[str, Any]] = {
        "JPEG": {"comment": CANARY, "xmp": CANARY},
        "PNG": {"pnginfo": text},
        "WEBP": {"xmp": CANARY},
    }
    sent = write(draw(), name, exif=exif, icc_profile=profile, **more[name])
    assert CANARY in sent
    picture = await pictures.rewrite(BytesIO(sent))
    assert CANARY not in picture.content
    image = read(picture)
    assert not image.getexif()
    assert not image.getexif().get_ifd(GPS)
    assert not {"exif", "icc_profile", "xmp", "comment", "Comment"} & set(image.info)


@pytest.mark.parametrize("name", FORMATS)
async def test_a_picture_is_turned_upright_before_that_is_forgotten(
    pictures: Pictures, name: str
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = await pictures.rewrite(BytesIO(write(draw(), name, exif=exif)))
    image = read(picture).convert("RGB")
    assert image.size == (picture.width, picture.height) == (32, 64)
    assert is_like(image.getpixel((16, 8)), RED)
    assert is_like(image.getpixel((16, 56)), BLUE)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
@pytest.mark.parametrize(
    "exif", [b"MM\0*\xff\xff\xff\xff nothing", b"XXXX", b"MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03\0\0"]
)
async def test_damaged_exif_does_not_cost_the_picture(pictures: Pictures, exif: bytes) -> None:
    sent = write(draw(), "JPEG", exif=b"Exif\0\0" + exif)
    assert (await pictures.rewrite(BytesIO(sent))).width == 64


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
async def test_of_a_film_the_first_frame_is_left(pictures: Pictures, name: str) -> None:
    frames = [Image.new("RGB", (20, 20), BLUE) for _ in range(3)]
    sent = write(
        Image.new("RGB", (20, 20), RED), name, save_all=True, append_images=frames, duration=100
    )
    image = read(await pictures.rewrite(BytesIO(sent)))
    assert getattr(image, "n_frames", 1) == 1
    assert is_like(image.convert("RGB").getpixel((10, 10)), RED)


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
async def test_what_is_transparent_stays_so(pictures: Pictures, name: str) -> None:
    image = draw().convert("RGBA")
    image.putalpha(0)
    alpha = read(await pictures.rewrite(BytesIO(write(image, name)))).getchannel("A")
    assert alpha.getextrema() == (0, 0)


async def test_colours_of_every_depth_are_taken(pictures: Pictures) -> None:
    for image, grey in (
        (Image.new("I;16", (4, 4), 40_000), 156),
        (Image.new("L", (4, 4), 100), 100),
        (Image.new("1", (4, 4), 1), 255),
        (Image.new("P", (4, 4), 0), 0),
    ):
        picture = await pictures.rewrite(BytesIO(write(image, "PNG")))
        assert read(picture).getpixel((1, 1)) == (grey, grey, grey)
    cmyk = await pictures.rewrite(BytesIO(write(draw().convert("CMYK"), "JPEG")))
    assert is_like(read(cmyk).getpixel((8, 16)), RED)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", write(draw(), "GIF")],
    ids=["empty", "text", "svg", "gif"],
)
async def test_what_is_no_picture_that_browsers_show_is_refused(
    pictures: Pictures, content: bytes
) -> None:
    with pytest.raises(WrongMedia):
        await pictures.rewrite(BytesIO(content))


@pytest.mark.parametrize("name", FORMATS)
async def test_a_damaged_picture_is_refused_wherever_it_ends(pictures: Pictures, name: str) -> None:
    whole = write(draw(640, 320), name)
    for share in (0.03, 0.3, 0.6, 0.9):
        with pytest.raises(Unprocessable, match="damaged"):
            await pictures.rewrite(BytesIO(whole[: max(16, int(len(whole) * share))]))


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_a_picture_whose_bytes_are_changed_breaks_nothing(pictures: Pictures) -> None:
    for name in FORMATS:
        whole = write(draw(), name)
        for at in range(12, len(whole), max(1, len(whole) // 60)):
            changed = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
            try:
                picture = await pictures.rewrite(BytesIO(changed))
            except (Unprocessable, WrongMedia):
                continue
            assert picture.content


async def test_many_pixels_in_few_bytes_are_refused_before_they_take_room(
    pictures: Pictures,
) -> None:
    sent = huge_png(30_000)
    assert len(sent) < 150_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unprocessable, match="30000 × 30000 pixels; at most 24000000"):
        await pictures.rewrite(BytesIO(sent))
    # Kilobytes: decoded, the picture has 900 000.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize(
    "first",
    [
        b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0\xff\x3f\0",
        b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", 0x0FFFFFFF) + bytes(5),
        b"VP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f",
    ],
    ids=["extended", "lossless", "lossy"],
)
async def test_a_canvas_of_webp_is_measured_before_there_is_one(
    pictures: Pictures, first: bytes
) -> None:
    sent = b"RIFF" + struct.pack("<I", 4 + len(first)) + b"WEBP" + first
    with pytest.raises(Unprocessable, match="at most 24000000"):
        await pictures.rewrite(BytesIO(sent))


async def test_exactly_as_many_pixels_as_allowed_are_taken() -> None:
    small = Pictures(64 * 32)
    assert (await small.rewrite(BytesIO(write(draw(), "WEBP")))).width == 64
    for name in FORMATS:
        with pytest.raises(Unprocessable, match="at most 2048"):
            await small.rewrite(BytesIO(write(draw(64, 33), name)))
    small.close()


async def test_scans_without_end_are_refused(pictures: Pictures) -> None:
    whole = write(draw(), "JPEG", progressive=True)
    assert await pictures.rewrite(BytesIO(whole))
    start = whole.rindex(b"\xff\xda")
    sent = whole[:start] + whole[start:-2] * MOST_SCANS + whole[-2:]
    with pytest.raises(Unprocessable, match="scans"):
        await pictures.rewrite(BytesIO(sent))
