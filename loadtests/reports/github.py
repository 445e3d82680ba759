"""What GitHub shows of a result: annotations at lines of rules, and the summary of the job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.judging.combine import worst_first
from loadtests.judging.model import Status
from loadtests.reports.files import ReportsError
from loadtests.reports.markdown import markdown_report
from loadtests.reports.rows import checks, row
from loadtests.reports.words import plain
from loadtests.result import noted
from slo.gate import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loadtests.judging.model import Ruling
    from loadtests.result import RunResult

# GitHub refuses the whole summary of a step beyond it.
MOST_BYTES = 1024 * 1024
ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY_ESCAPES = ESCAPES | {":": "%3A", ",": "%2C"}


def annotation_lines(result: RunResult, environment: Mapping[str, str]) -> list[str]:
    """Return lines for stdout, worst first; none outside of GitHub Actions.

    What does not allow has an error at least, whatever else there is to say.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return []
    found = [*_of_checks(result), *_of_rulings(result, environment.get("GITHUB_WORKSPACE", ""))]
    if result.decision.outcome is not Outcome.ALLOW and not any(
        line.startswith("::error") for line in found
    ):
        found[:0] = (_command("error", plain(r), {}) for r in result.decision.reasons)
    return found


def _of_checks(result: RunResult) -> Iterator[str]:
    for attempt, check in checks(result):
        if not check.passed:
            yield _command(
                "error", plain(check.detail), {"title": plain(f"{attempt}: {check.title}")}
            )


def _of_rulings(result: RunResult, workspace: str) -> Iterator[str]:
    for ruling in worst_first(result.rulings):
        if noted(ruling):
            yield _of_ruling(ruling, workspace)


def _of_ruling(ruling: Ruling, workspace: str) -> str:
    found = row(ruling)
    broken = ruling.status in (Status.FAILED, Status.UNDECIDED) and not ruling.waiver
    facts = (
        f"measured {found.measured} ({found.interval}), limit {found.limit}, compared with "
        f"{found.compared}, n {found.samples}, {found.window}"
    )
    return _command(
        "error" if broken else "warning",
        "\n".join(filter(None, (found.why, facts, found.notes, found.query))),
        {
            "file": plain(_in(workspace, ruling.rule.file)),
            "line": str(ruling.rule.line),
            "title": f"{found.rule} over {found.over}: {found.status}",
        },
    )


def _in(workspace: str, file: str) -> str:
    """Name a file as seen from the repository: GitHub finds no other."""
    path = Path(file).absolute()
    inside = workspace and path.is_relative_to(workspace)
    return path.relative_to(workspace).as_posix() if inside else file


def _command(name: str, message: str, properties: Mapping[str, str]) -> str:
    told = ",".join(f"{k}={_escaped(v, PROPERTY_ESCAPES)}" for k, v in properties.items())
    return f"::{name} {told}".rstrip() + f"::{_escaped(message, ESCAPES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    # Each letter once: the % of an escape is none of the text.
    return "".join(escapes.get(letter, letter) for letter in text)


def append_summary(result: RunResult, environment: Mapping[str, str]) -> Path | None:
    """Append the Markdown to the summary of the job, as much as it takes; returns its path.

    None outside of GitHub Actions. Raises ReportsError.
    """
    if not (name := environment.get("GITHUB_STEP_SUMMARY")):
        return None
    path = Path(name)
    try:
        with path.open("ab") as summary:
            room = MOST_BYTES - summary.tell()
            summary.write(markdown_report(result, max(0, room)).encode())
    except OSError as error:
        raise ReportsError(f"the summary {name} could not be written: {error.strerror}") from None
    return path
