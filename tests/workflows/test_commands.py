"""What workflows call exists: commands, options, choices and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.scenarios.registry import SCENARIOS
from tests.workflows.commands import choices_of, command_of, unknown
from tests.workflows.reading import FILES, GITHUB, lines, read, scripts, steps

if TYPE_CHECKING:
    from pathlib import Path

CI, RELEASE = (read(GITHUB / "workflows" / f"{name}.yml") for name in ("ci", "release"))
LOAD_GATE = read(GITHUB / "actions" / "load-gate" / "action.yml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_everything_that_is_called_exists(path: Path) -> None:
    assert list(unknown(read(path))) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("python -m loadtests rehears", "there is no `python -m loadtests rehears`"),
        ("python -m loadtest run", "there is no `python -m loadtest run`"),
        ("python -m loadtests", "there is no `python -m loadtests`"),
        ("python -m slo gate --polcy x", "no option --polcy"),
        ("python -m slo gate \\\n  --polcy x", "no option --polcy"),
        ("add --rats 1\npython -m loadtests run", "no option --rats"),
        ("options+=(--tokn x)\npython -m slo gate", "no option --tokn"),
        ("options=(--stable x)\npython -m slo gate", "no option --stable"),
        ("make chekc", "make has no target chekc"),
        ("make -C x chekc A=b", "make has no target chekc"),
    ],
)
def test_a_call_of_what_does_not_exist_is_found(script: str, said: str) -> None:
    assert said in unknown({"runs": {"steps": [{"run": script}]}})


@pytest.mark.parametrize(
    "script",
    [
        "make check",
        "python -m loadtests baseline show x",
        "add --rate 1\n# --rats\nexec .venv/bin/python -m loadtests run",
        "mktemp --directory x",
    ],
)
def test_a_call_of_what_exists_is_accepted(script: str) -> None:
    assert list(unknown({"runs": {"steps": [{"run": script}]}})) == []


def test_every_class_of_change_can_be_chosen() -> None:
    gate = command_of("slo", ["gate"])
    assert gate is not None
    asked = RELEASE[True]["workflow_dispatch"]["inputs"]["change"]["options"]
    assert tuple(asked) == choices_of(gate, "--change")


def test_scenarios_and_shapes_of_gates_exist() -> None:
    run = command_of("loadtests", ["run"])
    assert run is not None
    defaults = {name: one.get("default") for name, one in LOAD_GATE["inputs"].items()}
    given = [step["with"] for step in steps(CI) if "load-gate" in step.get("uses", "")]
    for inputs in (defaults, *given):
        assert inputs["scenario"] in choices_of(run, "--scenario")
        assert inputs["scenario"] in SCENARIOS
        assert inputs["shape"] in choices_of(run, "--shape")


def test_ci_runs_what_the_readme_tells_people_to_run() -> None:
    said = {line for script in scripts(CI) for line in lines(script)}
    assert {"make check", "make test", "make coverage"} <= said


def test_advisories_are_asked_strictly() -> None:
    (audit,) = (script for script in scripts(CI) if "pip-audit" in script)
    assert {"--strict", "--require-hashes"} <= set(audit.split())
    assert {"requirements/app.txt", "requirements/dev.txt"} <= set(audit.split())


def test_the_canary_walks_only_after_the_gate() -> None:
    assert RELEASE["jobs"]["canary"]["needs"] == "gate"
    (gate,) = (s for s in RELEASE["jobs"]["gate"]["steps"] if "slo-gate" in s["uses"])
    assert gate["with"]["policy"] == "slo/policy.yaml"
    assert gate["with"]["change"] == "${{ inputs.change }}"
