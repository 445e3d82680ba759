"""Runs the shell steps of an action or a job as GitHub's runner does, without others' actions."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
PATIENCE_SECONDS = 150.0
# What is set around these tests is none of a runner's.
OURS = ("GITHUB_", "PET_")


@dataclass
class Played:
    """What the steps have left: the first code that is not 0, what they said, what they told."""

    code: int = 0
    said: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True)
class Runner:
    """A runner with a kit, a workspace and a folder for what is temporary."""

    kit: Path
    workspace: Path
    temporary: Path

    def play(
        self,
        steps: Sequence[dict[str, Any]],
        contexts: Mapping[str, str],
        action: str = "",
    ) -> Played:
        """Run the steps in turn; after a failure only those that always run."""
        played, known = Played(), dict(contexts)
        for step in steps:
            if "run" not in step or (played.code and step.get("if") != "always()"):
                continue
            told = self._step(step, known, action, played)
            known |= {f"steps.{step.get('id', '')}.outputs.{k}": v for k, v in told.items()}
            played.outputs |= told
        return played

    def _step(
        self, step: dict[str, Any], known: Mapping[str, str], action: str, played: Played
    ) -> dict[str, str]:
        output, summary = self.temporary / "output", self.temporary / "summary"
        output.write_text("")
        summary.touch()
        plain = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        done = subprocess.run(
            [*SHELL, step["run"]],
            cwd=self.workspace,
            env={
                **plain,
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(self.kit / ".github" / "actions" / action),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(self.temporary),
                **{name: filled(text, known) for name, text in step.get("env", {}).items()},
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        played.code = played.code or done.returncode
        played.said += done.stdout + done.stderr
        played.summary = summary.read_text()
        return dict(line.split("=", 1) for line in output.read_text().splitlines())


def filled(text: str, known: Mapping[str, str]) -> str:
    """Put in what the expressions of a text stand for; an unknown one is empty, as on a runner."""
    return EXPRESSION.sub(lambda match: known.get(match[1], ""), text)


def inputs_of(document: dict[Any, Any], **given: str) -> dict[str, str]:
    """Return the inputs of an action, with their defaults where nothing is given."""
    named = {name.replace("_", "-"): value for name, value in given.items()}
    assert not named.keys() - document["inputs"].keys()
    defaults = {name: one.get("default", "") for name, one in document["inputs"].items()}
    return {f"inputs.{name}": value for name, value in (defaults | named).items()}
