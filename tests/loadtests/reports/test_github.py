"""Annotations and the summary of a job, as GitHub's runner would read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from loadtests.reports.files import ReportsError
from loadtests.reports.github import MOST_BYTES, annotation_lines, append_summary
from loadtests.reports.markdown import CUT
from slo.gate import Outcome
from tests.loadtests.reports.building import FAILED, PASSED, PASSWORD, result, ruling
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

ACTIONS = {"GITHUB_ACTIONS": "true"}
COMMAND = re.compile(r"::(error|warning) ?([^:]*)::(.*)")


def command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a line as the runner does."""
    found = COMMAND.fullmatch(line)
    assert found
    properties = dict(part.split("=", 1) for part in found[2].split(",") if part)
    return found[1], {k: decoded(v) for k, v in properties.items()}, decoded(found[3])


def decoded(text: str) -> str:
    for letter in "\r\n:,":
        text = text.replace(f"%{ord(letter):02X}", letter)
    return text.replace("%25", "%")


def lines(name: str) -> list[tuple[str, dict[str, str], str]]:
    return [command(line) for line in annotation_lines(RESULTS[name], ACTIONS)]


def test_what_blocks_is_an_error_at_the_line_of_its_rule_and_the_rest_a_warning() -> None:
    found = lines("all statuses")
    assert [(level, told["title"]) for level, told, _ in found] == [
        ("error", "failed-quantile over peak: failed"),
        ("error", "undecided-quantile over peak: undecided"),
        ("warning", "warned-quantile over peak: warned"),
    ]
    _, told, message = found[0]
    assert (told["file"], told["line"]) == ("loadtests/rules.yml", "12")
    assert message.startswith("because it is failed\nmeasured 150.1 ms (148 ms … 152 ms)")
    assert "limit at most 150 ms" in message
    assert "n 2,000" in message


@pytest.mark.parametrize("name", ["waived", "flaky"])
def test_what_decides_nothing_is_a_warning(name: str) -> None:
    assert [level for level, _, _ in lines(name)] == ["warning"]


def test_a_check_that_failed_is_an_error() -> None:
    assert lines("invalid") == [
        ("error", {"title": "attempt 1 (first): every worker reported"}, "1 of 2 workers")
    ]


@pytest.mark.parametrize("name", RESULTS)
def test_whatever_does_not_allow_has_an_error(name: str) -> None:
    errors = [line for line in lines(name) if line[0] == "error"]
    assert bool(errors) == (RESULTS[name].decision.outcome is not Outcome.ALLOW)


def test_what_wants_out_stays_in_its_line_and_its_property() -> None:
    written = annotation_lines(RESULTS["hostile"], ACTIONS)
    assert len(written) == 3
    assert all(line.isprintable() for line in written)
    _, told, message = lines("hostile")[1]
    assert set(told) == {"file", "line", "title"}
    assert "::error file=/etc/passwd::owned" in message
    assert PASSWORD not in "".join(written)


def test_a_percent_sign_is_escaped_once_and_first() -> None:
    (line,) = annotation_lines(result(ruling(FAILED, why="100%0A,b:c", file="a,b:c%.yml")), ACTIONS)
    assert line.startswith("::error file=a%2Cb%3Ac%25.yml,line=12,title=")
    assert "::100%250A,b:c%0A" in line


def test_a_file_is_named_as_seen_from_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "service").mkdir()
    monkeypatch.chdir(tmp_path / "service")
    for file, named in (
        ("rules.yml", "service/rules.yml"),
        (f"{tmp_path}/load/rules.yml", "load/rules.yml"),
        ("/elsewhere/rules.yml", "/elsewhere/rules.yml"),
    ):
        found = annotation_lines(
            result(ruling(FAILED, file=file)), ACTIONS | {"GITHUB_WORKSPACE": str(tmp_path)}
        )
        assert command(found[0])[1]["file"] == named


def test_a_summary_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportsError, match="could not be written: Is a directory"):
        append_summary(RESULTS["warned"], {"GITHUB_STEP_SUMMARY": str(tmp_path)})


def test_elsewhere_nothing_is_written(tmp_path: Path) -> None:
    assert annotation_lines(RESULTS["all statuses"], {}) == []
    assert append_summary(RESULTS["all statuses"], {"GITHUB_STEP_SUMMARY": ""}) is None
    assert list(tmp_path.iterdir()) == []


def test_the_summary_is_appended_to_what_is_there(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    assert append_summary(RESULTS["all statuses"], {"GITHUB_STEP_SUMMARY": str(summary)}) == summary
    assert summary.read_text().startswith("before\n# Release rehearsal: block\n")


@pytest.mark.parametrize(
    ("before", "cut"), [(0, True), (MOST_BYTES - 2000, True), (MOST_BYTES, False)]
)
def test_all_of_a_summary_never_exceeds_what_github_takes(
    tmp_path: Path, before: int, cut: bool
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * before)
    long = result(*(ruling(PASSED, id=f"rule-{n}", why="é" * 900) for n in range(600)))
    append_summary(long, {"GITHUB_STEP_SUMMARY": str(summary)})
    assert before <= summary.stat().st_size <= MOST_BYTES
    assert summary.read_text().endswith(CUT) == cut
