"""Which commands and options of ours the scripts of workflows name, and which there are."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import click

import alerts.__main__
import app.__main__
import dashboards.__main__
import loadtests.__main__
import slo.__main__
from tests.workflows.reading import ROOT, lines, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS: dict[str, click.Command] = {
    "alerts": alerts.__main__.cli,
    "app": app.__main__.cli,
    "dashboards": dashboards.__main__.cli,
    "loadtests": loadtests.__main__.cli,
    "slo": slo.__main__.cli,
}
OURS = re.compile(r"python -m (\w+)((?: [a-z]+)*)")
# Functions and arrays by which a script gathers the options of its command.
GATHERED = re.compile(r"(add|add_file) |\w+\+?=\(")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def unknown(document: dict[Any, Any]) -> Iterator[str]:
    """Yield each command, option or make target of a workflow or an action that does not exist."""
    for script in scripts(document):
        said = list(lines(script))
        calls = [match for line in said for match in OURS.finditer(line)]
        commands = [command_of(match[1], match[2].split()) for match in calls]
        for match, command in zip(calls, commands, strict=True):
            if command is None:
                yield f"there is no `{match[0]}`"
        options = {o for command in commands if command is not None for o in options_of(command)}
        for line in said:
            if GATHERED.match(line) or OURS.search(line):
                yield from (f"no option {o}" for o in OPTION.findall(line) if o not in options)
            elif line.startswith("make "):
                yield from _targets(shlex.split(line)[1:])


def command_of(package: str, words: list[str]) -> click.Command | None:
    """Return the command of these words; None when there is none, or too few words for one."""
    found = GROUPS.get(package)
    for word in words:
        if not isinstance(found, click.Group):
            break
        found = found.get_command(click.Context(found), word)
    return None if isinstance(found, click.Group) else found


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


def choices_of(command: click.Command, option: str) -> tuple[str, ...]:
    """Return what an option may be."""
    (parameter,) = (one for one in command.params if option in one.opts)
    assert isinstance(parameter.type, click.Choice)
    return tuple(map(str, parameter.type.choices))


def _targets(words: list[str]) -> Iterator[str]:
    """Ask make itself; it runs nothing."""
    rest = [word for word in words if "=" not in word and "/.." not in word]
    targets = [word for word in rest if not word.startswith("-")]
    for target in targets:
        dry = ["make", "--dry-run", "--always-make", target]
        done = subprocess.run(dry, cwd=ROOT, capture_output=True, check=False)
        if done.returncode != 0:
            yield f"make has no target {target}"
