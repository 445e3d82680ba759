"""No gate of a workflow can be skipped, softened or swapped, and each exit code decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.workflows.reading import ACTIONS, FILES, GITHUB, lines, read, scripts
from tests.workflows.structure import problems

if TYPE_CHECKING:
    from pathlib import Path

CI = (GITHUB / "workflows" / "ci.yml").read_text()
LOAD_GATE = (GITHUB / "actions" / "load-gate" / "action.yml").read_text()
RELEASE = GITHUB / "workflows" / "release.yml"
RUN = "exec .venv/bin/python -m loadtests run"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_workflows_and_actions_hold_together(path: Path) -> None:
    assert problems(path.read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (r"@[0-9a-f]{40} # v6.0.2", "@v6", "actions/checkout@v6 is not pinned by a commit"),
        (r" # v6.0.2", "", "does not say its version"),
        (r"\./.github/actions/load-gate", "./.github/actions/gone", "gone does not exist"),
        (r"persist-credentials: false", "fetch-depth: 1", "a checkout leaves its credentials"),
        (r"- run: make check", "- if: github.actor\n        run: make check", "may be skipped"),
        (r"- run: make check", "- run: make check; date", "its exit code does not decide"),
        (r"- run: make check", "- run: make check | tail", "its exit code does not decide"),
        (r"- run: make check", "- run: make check || date", "its exit code does not decide"),
        (r"- run: make check", "- run: make check &", "its exit code does not decide"),
        (r"- run: make check", '- run: "! make check"', "its exit code does not decide"),
        (r"- run: make check", "- run: if make check; then", "its exit code does not decide"),
        (r"- run: make check", "- run: x=$(python -m slo gate)", "its exit code does not decide"),
        (r"- run: make check", "- run: echo ${{ github.ref }}", "is pasted into a script"),
        (r"- run: make check", "- continue-on-error: true\n        run: x", "a step may fail"),
        (r"    timeout-minutes: 60\n", "", "test has no timeout"),
        (r"    name: Tests\n", "    if: github.ref == 'x'\n", "test may be skipped"),
        (r"    name: Tests\n", "    continue-on-error: true\n", "test may fail"),
        (r"    name: Tests\n", "    permissions: {contents: write}\n", "test asks for permissions"),
        (r"check, test,", "check,", "all may be skipped: always()"),
        (r"contents: read", "contents: write", "permissions are not contents: read"),
        (r"concurrency:", "env:", "no concurrency group"),
        (r"shell: bash", "shell: sh", "its shell forgets what fails in a pipe"),
        (r"pull_request:\n", "pull_request: {paths: [app]}\n", "pull_request has paths"),
        (r"pull_request:\n", "pull_request_target:\n", "a pull request runs with secrets"),
    ],
)
def test_a_workflow_that_lets_something_through_is_found(old: str, new: str, problem: str) -> None:
    changed, times = re.subn(old, new, CI)
    assert times
    assert any(problem in found for found in problems(changed))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("shell: bash", "shell: sh", "its shell forgets what fails in a pipe"),
        (RUN, f"if {RUN}", "its exit code does not decide"),
        ("if: always()", "if: success()", "a step may be skipped: success()"),
    ],
)
def test_an_action_that_lets_something_through_is_found(old: str, new: str, problem: str) -> None:
    assert old in LOAD_GATE
    assert any(problem in found for found in problems(LOAD_GATE.replace(old, new)))


def test_an_action_is_the_same_commit_everywhere() -> None:
    used = {match for path in FILES for match in re.findall(r"(\S+)@(\w{40})", path.read_text())}
    assert len(used) == len({name for name, _ in used}) == 3


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.parent.name)
def test_what_a_gate_leaves_is_told_and_kept_when_it_fails(path: Path) -> None:
    *_, gate, told, kept = read(path)["runs"]["steps"]
    assert "if" not in gate
    assert told["if"] == kept["if"] == "always()"
    assert "actions/upload-artifact@" in kept["uses"]


@pytest.mark.parametrize(
    "path", [*ACTIONS, RELEASE], ids=lambda path: path.parent.name + "/" + path.name
)
def test_a_cancelled_gate_gets_the_signal_itself(path: Path) -> None:
    calls = [line for script in scripts(read(path)) for line in lines(script)]
    gates = [line for line in calls if "python -m " in line]
    assert gates
    assert all(line.startswith("exec ") for line in gates)
