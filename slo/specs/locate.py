"""Values of YAML that know where they stand, and the problems that are found at them.

Every reader notes what is wrong and goes on, so that one run tells all problems of all files. A
value that cannot be read is None, and whoever needs it stops there without a second complaint.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})")
FIELD = re.compile(r"\[\d+\]|[\w./-]{1,80}")
NULL = "tag:yaml.org,2002:null"
TEXT = "tag:yaml.org,2002:str"
SHOWN = 60
# Nobody reads more, and a file may be made of nothing else.
MOST_PROBLEMS = 1_000
MOST_OPTIONS = 200
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One sentence about one field of one file."""

    file: str
    line: int
    path: str
    sentence: str
    # Under which `python -m slo lint` explains it, if it does.
    finding: str = ""

    def __str__(self) -> str:
        """Write it in one line, as compilers do."""
        parts = (f"{self.file}:{self.line}", self.path, self.sentence)
        return " ".join(": ".join(filter(None, parts)).split())


class SpecError(ValueError):
    """Specs cannot be used; `problems` holds every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems in the order of files and lines."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Findings:
    """What readers have found so far: problems, and notes on what is read but not used."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def stop(self) -> NoReturn:
        """Raise SpecError with the problems so far."""
        raise SpecError(self.problems)


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document."""

    node: yaml.Node
    file: str
    path: str
    findings: Findings

    @property
    def line(self) -> int:
        """Return the line that it begins at, from 1."""
        return int(self.node.start_mark.line) + 1

    def wrong(self, sentence: str, finding: str = "") -> None:
        """Note a problem, and the id of the finding that it is."""
        self.findings.problems.append(Problem(self.file, self.line, self.path, sentence, finding))
        if len(self.findings.problems) >= MOST_PROBLEMS:
            self.findings.stop()

    def note(self, sentence: str) -> None:
        """Note what somebody may want to know, and go on."""
        self.findings.notes.append(Problem(self.file, self.line, self.path, sentence))

    def sub(self, name: str, node: yaml.Node) -> Place:
        """Return the value of a field, or with `[0]` of an item."""
        if not FIELD.fullmatch(name):
            name = f"[{shown(name)}]"
        joint = "." if self.path and not name.startswith("[") else ""
        return Place(node, self.file, f"{self.path}{joint}{name}", self.findings)

    def mapping(self) -> dict[str, Place]:
        """Return the fields of a mapping; nothing for null."""
        if self._empty:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            self.wrong(f"{self.kind} where fields with names are expected")
            return {}
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.sub("?", key).wrong("the name of a field is a text")
            elif key.value in found:
                place = self.sub(str(key.value), key)
                place.wrong(f"given twice, first in line {found[key.value].line}; keep one")
            else:
                found[key.value] = self.sub(str(key.value), value)
        return found

    def fields(self, known: str, required: str = "") -> dict[str, Place]:
        """Return the fields of a mapping; unknown and missing ones are problems.

        `known` and `required` are names with spaces between; those required are known too. A field
        that is null counts as not given.
        """
        found = self.mapping()
        names = [*required.split(), *known.split()]
        keys = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        for key, _ in keys:
            if (place := found.get(str(key.value))) and key.value not in names:
                sentence = f"there is no such field; {meant(key.value, names)}"
                replace(place, node=key).wrong(sentence)
        given = {k: v for k, v in found.items() if k in names and not v._empty}  # noqa: SLF001  # of the same class
        if self._empty or isinstance(self.node, yaml.MappingNode):
            for name in required.split():
                if name not in given:
                    self.wrong(f"{name} is missing")
        return given

    def items(self) -> list[Place]:
        """Return the items of a list; nothing for null."""
        if self._empty:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            self.wrong(f"{self.kind} where a list is expected; begin each item with a dash")
            return []
        return [self.sub(f"[{number}]", node) for number, node in enumerate(self.node.value)]

    def text(self) -> str | None:
        """Return a text; a number or a flag is read as it is written."""
        if not isinstance(self.node, yaml.ScalarNode) or self._empty:
            self.wrong(f"{self.kind} where a text is expected")
            return None
        if any(ord(letter) < 0x20 and letter not in "\n\t" for letter in self.node.value):
            self.wrong("the text has control characters; take them out")
            return None
        return str(self.node.value)

    def number(self) -> Fraction | None:
        """Return an exact number, as it is written and not as a float would have it."""
        plain = isinstance(self.node, yaml.ScalarNode) and self.node.tag != TEXT
        if not plain or not NUMBER.fullmatch(str(self.node.value)):
            self.wrong(f"{self.kind} where a number like 99.9 is expected")
            return None
        return Fraction(self.node.value)

    def flag(self) -> bool | None:
        """Return whether it is true."""
        if isinstance(self.node, yaml.ScalarNode) and self.node.value in ("true", "false"):
            return bool(self.node.value == "true")
        self.wrong(f"{self.kind} where true or false is expected")
        return None

    def choice(self, options: Sequence[str]) -> str | None:
        """Return one of some words."""
        word = self.text()
        if word is None or word in options:
            return word
        self.wrong(f"{shown(word)} is none of its values; {meant(word, options)}")
        return None

    def texts(self) -> dict[str, str]:
        """Return a mapping of texts, like labels."""
        read = {name: place.text() for name, place in self.mapping().items()}
        return {name: text for name, text in read.items() if text is not None}

    @property
    def kind(self) -> str:
        """Say what it is, for a sentence."""
        if isinstance(self.node, yaml.ScalarNode):
            return "nothing" if self._empty else f"the value {shown(self.node.value)}"
        return "a list" if isinstance(self.node, yaml.SequenceNode) else "a group of fields"

    @property
    def _empty(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == NULL


def meant(word: str, options: Sequence[str]) -> str:
    """Suggest the closest of some words, or name them all."""
    folded = {option.lower(): option for option in options[:MOST_OPTIONS]}
    if near := difflib.get_close_matches(word[:SHOWN].lower(), folded, 1):
        return f"did you mean {folded[near[0]]}?"
    if not options:
        return "there is none"
    more = f" and {len(options) - MOST_NAMED} more" if len(options) > MOST_NAMED else ""
    return f"one of {', '.join(options[:MOST_NAMED])}{more}"


def shown(text: str) -> str:
    """Quote a text in a sentence: in one line, and cut."""
    line = " ".join(text.split())
    return repr(line if len(line) <= SHOWN else f"{line[:SHOWN]}…")
