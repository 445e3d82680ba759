"""Files of reports, and what happens when one cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.reports.files import REPORTS, ReportsError, write, write_reports
from tests.loadtests.reports.building import HOST, PASSWORD
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["report.json", "junit.xml", "report.md", "petswipe_load.prom", "report.html"]


def test_all_reports_of_one_result_say_the_same(tmp_path: Path) -> None:
    paths = write_reports(RESULTS["all statuses"], tmp_path / "new" / "folder")
    assert [path.name for path in paths] == NAMES
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "failed-quantile" in text
        assert "block" in text


@pytest.mark.parametrize("name", ["all statuses", "hostile"])
def test_no_report_holds_a_password(name: str, tmp_path: Path) -> None:
    assert PASSWORD in HOST
    paths = write_reports(RESULTS[name], tmp_path)
    assert [p.name for p in paths if PASSWORD in p.read_text(encoding="utf-8")] == []


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_reports(RESULTS["warned"], tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_one_report_that_cannot_be_written_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(ReportsError, match=r"^junit\.xml could not be written"):
        write_reports(RESULTS["warned"], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert all((tmp_path / name).stat().st_size for name in REPORTS)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportsError, match="no report could be written"):
        write_reports(RESULTS["warned"], tmp_path / "file" / "out")


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "petswipe_load.prom"
    path.write_text("before")
    with path.open() as reader:
        write(path, "after")
        # Whoever has begun to read the old one reads it to its end.
        assert reader.read() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_can_be_read_by_a_collector_of_another_user(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("x")
    write(tmp_path / "written", "x")
    assert (tmp_path / "written").stat().st_mode == plain.stat().st_mode


def test_what_is_no_text_is_written_as_a_question_mark(tmp_path: Path) -> None:
    write(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_bytes() == b"?"
