from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dashboards.artifacts import render

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboards", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_is_built_is_told_and_passes_the_checks_until_somebody_edits_it(
    tmp_path: Path,
) -> None:
    built = run("build", "--folder", tmp_path)
    assert built.returncode == 0
    told = [f"changed {tmp_path / name}" for name in render()]
    assert sorted(built.stdout.splitlines()) == sorted(told)
    checked = run("check", "--folder", tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "")
    edited = tmp_path / "cache.json"
    edited.write_text(edited.read_text().replace('"editable": false', '"editable": true'))
    checked = run("check", "--folder", tmp_path)
    assert checked.returncode == 1
    assert "not what is declared; run `make build`, edit the source" in checked.stdout
    assert "[dashboards/drift]" in checked.stdout
    assert "[dashboards/uneditable-dashboard-rule]" in checked.stdout
    fixed = run("check", "--folder", tmp_path, "--fix", "--json")
    assert (fixed.returncode, json.loads(fixed.stdout)) == (0, [])
    assert f"changed {edited}" in fixed.stderr


def test_the_checks_are_listed_with_what_they_hold() -> None:
    done = run("check", "--list")
    assert done.returncode == 0
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert lines["dashboards/drift"] == "the generated dashboards are what the declarations render."
    assert all(holds.endswith(".") for holds in lines.values())


def test_misuse_is_one_sentence_and_two() -> None:
    done = run("draw")
    assert done.returncode == 2
    assert "No such command 'draw'" in done.stderr
    assert "--list goes alone" in run("check", "--list", "--fix").stderr


def test_help_says_where_panels_are_declared_and_what_the_codes_mean() -> None:
    done = run("--help")
    assert "dashboards/boards/" in done.stdout
    assert "Exit codes: 0 fine, 1 a check found something, 2 misuse." in done.stdout
