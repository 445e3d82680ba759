"""The full-size rehearsals that `make demo` runs; long, so `make prove` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rehearsals import rehearse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("fault", "code"), [("none", 0), ("errors", 1), ("slow", 1)])
def test_two_hundred_adopters_for_a_minute(tmp_path: Path, fault: str, code: int) -> None:
    done = rehearse(tmp_path, "--fault", fault)
    assert done.code == code, done.stderr + done.stdout
    counted = done.document()["conservation"]
    assert counted["acknowledged"] == counted["rows"] == counted["metric"]["value"] > 5_000
