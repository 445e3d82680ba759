from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.checks.rules import dependency
from tests.alerts.checks.written import draw, good, said, written

if TYPE_CHECKING:
    from pathlib import Path

UNREAD = "is read by no rule, no panel and no runbook: draw it or drop it"
READ_BY_NOBODY = [f"job:http_requests:rate5m: {UNREAD}", f"slo:error_budget:ratio: {UNREAD}"]


def test_a_record_that_nobody_reads_is_found_once_there_are_dashboards(tmp_path: Path) -> None:
    loaded = written(tmp_path, good(), root=tmp_path)
    assert said(dependency, loaded) == []
    draw(tmp_path, "up")
    assert said(dependency, loaded) == READ_BY_NOBODY


def test_a_record_is_read_by_a_panel_a_runbook_or_a_template(tmp_path: Path) -> None:
    draw(tmp_path, "sum(job:http_requests:rate5m)")
    text = '{{ with query "slo:error_budget:ratio" }}{{ . | first | value }}{{ end }}'
    loaded = written(tmp_path, good(annotations={"description": text}), root=tmp_path)
    assert said(dependency, loaded) == []
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "CacheDown.md").write_text("`job:http_requests:rate5m`, slo:x:y")
    draw(tmp_path, "up")
    assert said(dependency, loaded) == []


def test_some_of_the_dashboards_cannot_tell_what_is_unread(tmp_path: Path) -> None:
    draw(tmp_path, "up")
    (tmp_path / "dashboards" / "generated" / "cost.json").unlink()
    assert said(dependency, written(tmp_path, root=tmp_path)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (dependency, test_a_record_that_nobody_reads_is_found_once_there_are_dashboards),
]
ACCEPTED = [
    (dependency, test_a_record_is_read_by_a_panel_a_runbook_or_a_template),
]
