"""The tokens of LogQL, and reading them one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|`[^`]*`)
    | (?P<duration>(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smhdwy]))+)
    | (?P<size>\d+(?:\.\d+)?[kKMGTPE]?i?B)
    | (?P<number>-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+))
    | (?P<flag>--[a-z-]+)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<op>\|=|\|~|\|>|!=|!~|!>|=~|==|>=|<=|[{}()\[\],|=<>+\-*/%^])
    )""",
    re.VERBOSE,
)
LIMIT_OF_CONTEXT = 20


@dataclass
class Reader:
    """The tokens of a query, and how far they are read."""

    text: str
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    at: int = 0
    windows: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Cut the query into tokens; raises ValueError."""
        end = 0
        while self.text[end:].strip():
            found = TOKEN.match(self.text, end)
            if found is None:
                raise ValueError(f"not LogQL: {self.text[end:].strip()[:LIMIT_OF_CONTEXT]!r}")
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0], end))
            end = found.end()

    def peek(self, ahead: int = 0) -> str:
        """Return a token that is still to be read; empty after the last."""
        place = self.at + ahead
        return self.tokens[place][1] if place < len(self.tokens) else ""

    def kind(self) -> str:
        """Return the kind of the next token."""
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, *choices: str) -> str:
        """Read one of these; raises ValueError for anything else."""
        if self.peek() not in choices:
            self.refuse(" or ".join(choices[:3]))
        return self.next()

    def take_kind(self, *kinds: str) -> str:
        """Read a token of one of these kinds; raises ValueError for any other."""
        if self.kind() not in kinds:
            self.refuse(" or ".join(kinds))
        return self.next()

    def skip(self, *choices: str) -> bool:
        """Read one of these if it is next."""
        if self.peek() in choices and self.kind() != "string":
            self.next()
            return True
        return False

    def next(self) -> str:
        """Read a token."""
        self.at += 1
        return self.tokens[self.at - 1][1]

    def refuse(self, wanted: str) -> None:
        """Raise ValueError: something else should be next."""
        raise ValueError(f"no LogQL: {wanted} expected, not {self.peek() or 'the end'}")
