"""Results on disk, and the page of benchmarks that is written section by section."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.files import HEADER, ORDER, Record, record, with_section, write
from loadtests.errors import MisuseError
from tests.loadtests.bench.results import result

if TYPE_CHECKING:
    from pathlib import Path

REST = "".join(f"\n<!-- begin of {n} -->\n## {n}\n<!-- end of {n} -->\n" for n in ("deck", "slo"))


def test_a_result_is_written_for_programs_and_for_people(tmp_path: Path) -> None:
    paths = write(result(), tmp_path)
    assert [path.name for path in paths] == ["growth.json", "growth.md", "growth.html"]
    told = json.loads(paths[0].read_text())
    assert told["command"] == "python -m loadtests bench growth --rounds 5"
    assert "tenfold of rows" in told["trends"][0]["sentence"]
    assert len(told["samples"]) == 10


def test_recording_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    for name in ("growth", "generator", "hot-path"):
        record(result(name), page, Record.DECIDED)
    once = page.read_bytes()
    for name in ("hot-path", "growth", "generator"):
        record(result(name), page, Record.DECIDED)
    assert page.read_bytes() == once
    assert once.decode().startswith(HEADER)


def test_sections_stand_in_the_order_of_what_matters_however_they_came() -> None:
    page = HEADER
    for name in reversed(ORDER):
        page = with_section(page, name, f"## {name}\n")
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(ORDER)


def test_another_result_replaces_its_own_section_and_nothing_else() -> None:
    page = with_section(HEADER + REST, "growth", "## old\n")
    again = with_section(page, "growth", "## new \\1\n")
    assert again == page.replace("## old", "## new \\1")
    assert with_section(HEADER + REST, "deck", "## deck\n") == HEADER + REST


def test_a_section_without_an_end_is_refused() -> None:
    with pytest.raises(MisuseError, match=r"begin of deck .* without <!-- end of deck"):
        with_section("<!-- begin of deck -->\n## deck\n", "deck", "## deck\n")


def test_what_is_undecided_stays_out_unless_it_is_wanted(tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    void = result(invalid="the server has ended")
    assert "undecided" in record(void, page, Record.DECIDED)
    assert not page.exists()
    record(void, page, Record.ANY)
    assert "- the server has ended" in page.read_text()


def test_a_broken_limit_is_recorded_like_a_kept_one(tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    record(result(ratio=1.4), page, Record.DECIDED)
    assert "**block**" in page.read_text()
