"""Workflows and actions pass the public linters, which would find what is wrong with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.reading import FILES, GITHUB, WORKFLOWS, read, scripts

BESIDE = Path(sys.executable).parent
CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
HEAD = "on: [push]\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"


def lint(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    path = f"{BESIDE}{os.pathsep}{os.environ['PATH']}"  # actionlint looks for shellcheck there
    return subprocess.run(
        [str(BESIDE / command[0]), *command[1:]],
        env={**os.environ, "PATH": path},
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def zizmor(*arguments: str) -> subprocess.CompletedProcess[str]:
    strict = ("--offline", "--no-progress", "--persona=pedantic", "--strict-collection")
    return lint("zizmor", *strict, *arguments)


def actionlint(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return lint("actionlint", "-no-color", *arguments, text=text)


def shellcheck(script: str) -> subprocess.CompletedProcess[str]:
    with_its_shell = f"#!/bin/bash\nset -eo pipefail\n{script}"
    return lint("shellcheck", "-", text=with_its_shell)


def test_there_are_workflows_and_actions() -> None:
    names = {str(path.relative_to(GITHUB)) for path in FILES}
    assert names == {
        "workflows/ci.yml",
        "workflows/release.yml",
        "actions/load-gate/action.yml",
        "actions/slo-gate/action.yml",
    }


def test_actionlint_finds_nothing() -> None:
    done = actionlint(*map(str, WORKFLOWS))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("- run: echo $UNQUOTED\n", "SC2086"),
        ("- run: echo ${{ github.event.head_commit.message }}\n", "untrusted"),
        ("- run: echo ${{ inputs.unknown.x }}\n", "expression"),
        ("- runs: echo\n", "syntax-check"),
    ],
)
def test_actionlint_finds_what_is_wrong(step: str, what: str) -> None:
    done = actionlint("-", text=f"{HEAD}      {step}")
    assert done.returncode == 1
    assert what in done.stdout


def test_zizmor_finds_nothing() -> None:
    done = zizmor(str(GITHUB))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("step", "audit"),
    [
        ("- uses: actions/checkout@v6\n", "unpinned-uses"),
        (f"- uses: {CHECKOUT}\n", "artipacked"),
        ("- run: echo ${{ github.event.issue.title }}\n", "template-injection"),
    ],
)
def test_zizmor_finds_what_an_attacker_would(step: str, audit: str, tmp_path: Path) -> None:
    path = tmp_path / ".github" / "workflows" / "bad.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"{HEAD}      {step}")
    done = zizmor(str(path))
    assert done.returncode != 0
    assert f"[{audit}]" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_shellcheck_finds_nothing_in_any_step(path: Path) -> None:
    for script in scripts(read(path)):
        done = shellcheck(script)
        assert done.returncode == 0, done.stdout


def test_shellcheck_finds_a_word_that_splits() -> None:
    assert "SC2086" in shellcheck("x=$(date)\necho $x\n").stdout
