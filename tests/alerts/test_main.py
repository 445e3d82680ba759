"""The command line, as somebody would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.artifacts import render, write
from alerts.checks.registry import listing
from alerts.trace import FILE as TRACE

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
RULES = "slo-swipe-availability.rules.yml"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alerts", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def test_the_committed_folder_passes() -> None:
    done = run("check")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{len(list(listing()))} checks, 0 problems\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ratio_rate1h{", "ratio_rate4h{", "no rule is called slo:sli_error:ratio_rate4h"),
        ("ratio_rate1h{", 'ratio_rate1h{team="pets",', "has no label team"),
        ("> 0.0072 and on", "> 0.0072 and and on", "no PromQL"),
        ("groups:\n", "groups: [\n", "not readable"),
        ("interval: 1m", "interval: 10s", ":4: not what is declared"),
    ],
)
def test_an_edited_folder_fails_with_one_line_a_problem(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    path.write_text(path.read_text().replace(old, new))
    done = run("check", "--folder", tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(said in line for line in lines)
    assert any("[rules/drift]" in line for line in lines)
    assert done.stderr == f"{len(list(listing()))} checks, {len(lines)} problems\n"


def test_a_missing_and_a_stray_file_fail(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / RULES).rename(tmp_path / "mine.txt")
    done = run("check", "--folder", tmp_path)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if "[rules/drift]" in line] == [
        f"{tmp_path / RULES}: missing; run `make build` [rules/drift]",
        f"{tmp_path / 'mine.txt'}: nothing declares it; run `make build` [rules/drift]",
    ]


def test_what_has_drifted_can_be_fixed(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    path.write_text(path.read_text().replace("> 0.0072", "> 0.9"))
    done = run("check", "--folder", tmp_path, "--fix")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == f"changed {path}"
    assert "> 0.9" not in path.read_text()


def test_problems_can_be_had_as_json(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    path.write_text(path.read_text().replace("ratio_rate1h{", "ratio_rate4h{"))
    done = run("check", "--folder", tmp_path, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {problem["check"] for problem in found} == {"rules/drift", "promql/series"}
    assert {problem["rule"] for problem in found} == {"", "SwipeAvailabilityBudgetBurnPage"}
    assert all(problem["where"].startswith(f"{path}:") for problem in found)


def test_checks_are_listed_one_a_line() -> None:
    done = run("check", "--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [name for name, _ in listing()]
    assert "rules/guarded            no ratio divides by what can be 0." in lines
    assert run("check", "--list", "--fix").returncode == 2


def test_building_says_what_it_has_changed_and_then_nothing(tmp_path: Path) -> None:
    first = run("build", "--folder", tmp_path)
    assert first.returncode == 0
    assert sorted(first.stdout.splitlines()) == [
        f"changed {tmp_path / n}" for n in sorted((*render(), TRACE))
    ]
    second = run("build", "--folder", tmp_path)
    assert (second.returncode, second.stdout) == (0, "")
    assert run("check", "--folder", tmp_path).returncode == 0


def test_a_folder_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    assert run("check", "--folder", tmp_path / "nowhere").returncode == 2
