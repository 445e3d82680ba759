"""Which commands a runbook may tell somebody to type: ours, make's, and services of compose."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("app", "alerts", "dashboards", "loadtests", "slo")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
# What the reader fills in; a word without a meaning for the shell takes its place.
FILLED_IN = "_"
BLANK = re.compile(r"<[a-zA-Z][^<>\n]*>")
COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
HELP = frozenset({"--help", "--version"})
# Commands of compose that take services behind their options, or one service and its command.
ON_SERVICES = frozenset(
    {"create", "kill", "logs", "pause", "ps", "pull", "restart", "start", "stop", "unpause", "up"}
)
IN_SERVICE = frozenset({"exec", "run"})
# Options of compose whose next word is their value.
VALUED = frozenset(
    {"-e", "-f", "-n", "-p", "-s", "-t", "-u", "-w", "--env", "--file", "--profile",
     "--project-name", "--scale", "--signal", "--since", "--tail", "--timeout", "--until",
     "--user", "--workdir"}
)  # fmt: skip
# What may stand before a command.
KEYWORDS = frozenset({"!", "do", "else", "if", "sudo", "then", "time", "until", "while"})
ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
BOUNDARY = frozenset("\n;|&()")


@dataclass(frozen=True, slots=True)
class Commands:
    """What there is to call, read from the sources: nothing is imported or run."""

    # Words and options that the command line of each package knows.
    words: dict[str, frozenset[str]]
    options: dict[str, frozenset[str]]
    targets: frozenset[str]
    services: frozenset[str]

    @classmethod
    def of(cls, root: Path) -> Commands:
        """Read the packages, the Makefile and the compose file below a folder."""
        sources = {package: list(_trees(root / package)) for package in PACKAGES}
        makefile, compose = root / "Makefile", root / "docker-compose.yml"
        return cls(
            {package: frozenset(_words(trees)) for package, trees in sources.items()},
            {package: frozenset(_options(trees)) for package, trees in sources.items()},
            frozenset(TARGET.findall(makefile.read_text()) if makefile.is_file() else ()),
            frozenset(_services(compose)),
        )


def _trees(folder: Path) -> Iterator[ast.Module]:
    for path in folder.rglob("*.py"):
        text = path.read_text()
        if "click" in text:
            yield ast.parse(text)


def _words(trees: list[ast.Module]) -> Iterator[str]:
    """Name the functions that click makes commands of, as it names them."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                for decorator in filter(_makes_command, node.decorator_list):
                    yield _named(decorator) or node.name.replace("_", "-")


def _makes_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")


def _named(decorator: ast.expr) -> str:
    arguments = decorator.args if isinstance(decorator, ast.Call) else []
    first = arguments[0] if arguments else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _options(trees: list[ast.Module]) -> Iterator[str]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (part for part in node.value.split("/") if part.startswith("-"))


def _services(path: Path) -> Iterator[str]:
    document = yaml.safe_load(path.read_text()) if path.is_file() else None
    yield from (document or {}).get("services", {})


def unknown_commands(block: str, commands: Commands) -> Iterator[str]:
    """Yield one message a command of a block that does not exist, or that no shell reads."""
    try:
        calls = list(_calls(COMMENT.sub("", BLANK.sub(FILLED_IN, block))))
    except ValueError as error:
        yield f"no shell: {error}"
        return
    for call in calls:
        yield from _unknown(call, commands)


def _calls(block: str) -> Iterator[list[str]]:
    """Split a block into the words of its simple commands."""
    lexer = shlex.shlex(block.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t"
    lexer.commenters = ""
    lexer.whitespace_split = True
    call: list[str] = []
    for word in lexer:
        if set(word) <= BOUNDARY:
            yield call
            call = []
        else:
            call.append(word)
    yield call


def _unknown(call: list[str], commands: Commands) -> Iterator[str]:
    call = list(dropwhile(_stands_before, call))
    if call[:1] == ["make"]:
        named = [word for word in call[1:] if "=" not in word and not word.startswith("-")]
        yield from (f"make has no target {word}" for word in named if word not in commands.targets)
    elif call[:2] == ["docker", "compose"]:
        yield from _unknown_services(call[2:], commands.services)
    if "-m" in call:
        # Anywhere in the call: compose runs it in a container, variables may stand before it.
        package, *rest = call[call.index("-m") + 1 :] or [""]
        if package in PACKAGES:
            yield from _unknown_words(package, rest, commands)


def _stands_before(word: str) -> bool:
    return word in KEYWORDS or ASSIGNMENT.fullmatch(word) is not None


def _unknown_words(package: str, rest: list[str], commands: Commands) -> Iterator[str]:
    if (
        rest
        and not rest[0].startswith("-")
        and rest[0] not in {FILLED_IN, *commands.words[package]}
    ):
        yield f"python -m {package} has no command {rest[0]}"
    for word in rest:
        option = word.partition("=")[0]
        if option.startswith("-") and option not in commands.options[package] | HELP:
            yield f"python -m {package} has no option {option}"


def _unknown_services(words: list[str], services: frozenset[str]) -> Iterator[str]:
    plain = list(_plain(words))
    if not plain:
        return
    verb, *rest = plain
    named = rest[:1] if verb in IN_SERVICE else rest if verb in ON_SERVICES else []
    for word in named:
        if word not in services and word != FILLED_IN:
            yield f"docker-compose.yml has no service {word}"


def _plain(words: list[str]) -> Iterator[str]:
    """Leave out options and their values."""
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = not skip and word in VALUED
        else:
            yield word
