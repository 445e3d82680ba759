"""What holds of every workflow and action, beyond what the public linters know."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import yaml

from tests.workflows.reading import ROOT, lines, scripts, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r"#\s+v\d+\.\d+\.\d+$")
# Triggers with these, a change could go round the gate.
FILTERS = ("paths", "paths-ignore", "branches-ignore", "types")
DECIDING = re.compile(r"python -m |(^|[\s;&|(!])make ")
COMMAND = re.compile(r"(exec )?(\S*python -m|make) ")
OPERATORS = frozenset("();|&")


def problems(text: str) -> list[str]:
    """Return what is wrong with the text of a workflow or an action."""
    document: dict[Any, Any] = yaml.safe_load(text)
    found = [*_pins(text), *_steps(document), *_decided(document)]
    return found + list(_workflow(document) if "jobs" in document else _action(document))


def _pins(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if "uses:" not in line or line.lstrip().startswith("#"):
            continue
        name, _, comment = line.partition("uses:")[2].strip().partition(" ")
        if name.startswith("./"):
            if not (ROOT / name / "action.yml").is_file():
                yield f"{name} does not exist"
        elif not PINNED.fullmatch(name):
            yield f"{name} is not pinned by a commit"
        elif not VERSION.fullmatch(comment.strip()):
            yield f"{name} does not say its version"


def _steps(document: dict[Any, Any]) -> Iterator[str]:
    for step in steps(document):
        if step.get("if", "always()") != "always()":
            yield f"a step may be skipped: {step['if']}"
        if step.get("continue-on-error"):
            yield "a step may fail"
        if "${{" in step.get("run", ""):
            yield "an expression is pasted into a script"
        credentials = step.get("with", {}).get("persist-credentials")
        if "actions/checkout@" in step.get("uses", "") and credentials is not False:
            yield "a checkout leaves its credentials"


def _decided(document: dict[Any, Any]) -> Iterator[str]:
    """Yield each gate whose exit code is not the step's: asked about, piped on, or dropped."""
    for script in scripts(document):
        for line in filter(DECIDING.search, lines(script)):
            words = shlex.shlex(line, posix=False, punctuation_chars="();|&")
            if not COMMAND.match(line) or any(set(word) <= OPERATORS for word in words):
                yield f"its exit code does not decide: {line}"


def _workflow(document: dict[Any, Any]) -> Iterator[str]:
    if document.get("permissions") != {"contents": "read"}:
        yield "permissions are not contents: read"
    if "concurrency" not in document:
        yield "no concurrency group"
    if document.get("defaults", {}).get("run", {}).get("shell") != "bash":
        yield "its shell forgets what fails in a pipe"
    # YAML 1.1 reads the key `on` as true.
    triggers = document[True]
    for name, trigger in triggers.items() if isinstance(triggers, dict) else ():
        yield from (f"{name} has {each}" for each in FILTERS if each in (trigger or {}))
        if name == "pull_request_target":
            yield "a pull request runs with secrets"
    for name, job in document["jobs"].items():
        yield from _job(name, job, set(document["jobs"]))


def _job(name: str, job: dict[str, Any], names: set[str]) -> Iterator[str]:
    if "timeout-minutes" not in job:
        yield f"{name} has no timeout"
    if job.get("continue-on-error"):
        yield f"{name} may fail"
    if job.get("permissions", {}):
        yield f"{name} asks for permissions"
    needs = job.get("needs", [])
    asks_all = {*([needs] if isinstance(needs, str) else needs)} == names - {name}
    if "if" in job and not (job["if"] == "always()" and asks_all):
        yield f"{name} may be skipped: {job['if']}"


def _action(document: dict[Any, Any]) -> Iterator[str]:
    if any("run" in step and step.get("shell") != "bash" for step in steps(document)):
        yield "its shell forgets what fails in a pipe"
