"""The command line, as somebody would run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alerts.artifacts import render, write

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
    assert done.stderr == "2 checks, 0 problems\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ratio_rate1h{", "ratio_rate4h{", "no rule is called slo:sli_error:ratio_rate4h"),
        ("ratio_rate1h{", 'ratio_rate1h{team="pets",', "has no label team"),
        ("> 0.0072 and on", "> 0.0072 and and on", "no PromQL"),
        ("groups:\n", "groups: [\n", "no rule file"),
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
    assert all(line.startswith(str(path)) for line in lines)
    assert any(said in line for line in lines)
    assert any("[rules/drift]" in line for line in lines)
    assert done.stderr == f"2 checks, {len(lines)} problems\n"


def test_a_missing_and_a_stray_file_fail(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / RULES).rename(tmp_path / "mine.txt")
    done = run("check", "--folder", tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{tmp_path / RULES}: missing; run `make build` [rules/drift]",
        f"{tmp_path / 'mine.txt'}: nothing declares it; run `make build` [rules/drift]",
    ]


def test_building_says_what_it_has_changed_and_then_nothing(tmp_path: Path) -> None:
    first = run("build", "--folder", tmp_path)
    assert first.returncode == 0
    assert sorted(first.stdout.splitlines()) == [
        f"changed {tmp_path / n}" for n in sorted(render())
    ]
    second = run("build", "--folder", tmp_path)
    assert (second.returncode, second.stdout) == (0, "")
    assert run("check", "--folder", tmp_path).returncode == 0


def test_a_folder_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    assert run("check", "--folder", tmp_path / "nowhere").returncode == 2
