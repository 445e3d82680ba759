"""Reading runbooks: front matter, sections, fenced blocks, links, words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from markdown_it.token import Token

FOLDER = "runbooks"
DISASTERS = "disaster"
# Pages beside the runbooks, with a form of their own.
OTHERS = frozenset({"README.md", "_template.md", "queries.md"})
HEAD = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
WORD = re.compile(r"\S*\w\S*")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


class RunbookError(Exception):
    """A file has no front matter, or none that YAML reads; the text says which."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, its text, and the line that opens it."""

    language: str
    text: str
    line: int


@dataclass(slots=True)
class Section:
    """A heading of the second level and what stands below it."""

    title: str
    line: int
    text: str = ""
    fences: list[Fence] = field(default_factory=list)
    # The line of each link's paragraph, and where it leads.
    links: list[tuple[int, str]] = field(default_factory=list)
    # Text of each step of a numbered list, of the list's first level only.
    steps: list[str] = field(default_factory=list)
    # Cells of each row of its tables, heads first.
    rows: list[list[str]] = field(default_factory=list)
    # What follows each promql block: the beginning of the next paragraph, or nothing.
    after_queries: list[str] = field(default_factory=list)

    @property
    def words(self) -> int:
        """Count the words outside fenced blocks."""
        return len(WORD.findall(self.text))


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page about an alert or a disaster scenario."""

    path: Path
    front: dict[str, Any]
    title: str
    sections: tuple[Section, ...]
    source: str

    @property
    def disaster(self) -> bool:
        """Say whether it is about a scenario, not an alert."""
        return self.path.parent.name == DISASTERS

    @property
    def fences(self) -> Iterator[Fence]:
        """Yield every fenced block."""
        return (fence for section in self.sections for fence in section.fences)

    def at(self, line: int) -> str:
        """Name a line of the file."""
        return f"{self.path}:{line}"


def runbook_paths(root: Path) -> list[Path]:
    """List the files about alerts and scenarios, in order."""
    folder = root / FOLDER
    found = [*folder.glob("*.md"), *(folder / DISASTERS).glob("*.md")]
    return sorted(path for path in found if path.name not in OTHERS)


def readable(root: Path) -> list[Runbook]:
    """Read every runbook that can be read; `runbooks/sections` tells of the others."""
    found = []
    for path in runbook_paths(root):
        try:
            found.append(read_runbook(path))
        except RunbookError:
            continue
    return found


def read_runbook(path: Path) -> Runbook:
    """Read one file; raises RunbookError when it is no runbook at all."""
    try:
        source = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise RunbookError(f"cannot be read: {error}") from None
    head = HEAD.match(source)
    if head is None:
        raise RunbookError("no front matter: begin with ---, YAML and ---")
    try:
        front = yaml.safe_load(head[1])
    except yaml.YAMLError as error:
        raise RunbookError(f"front matter is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(front, dict):
        raise RunbookError("front matter is no mapping")
    tokens = MARKDOWN.parse(source[head.end() :])
    title, sections = _sections(tokens, source[: head.end()].count("\n") + 1)
    return Runbook(path, front, title, tuple(sections), source)


def _sections(tokens: Sequence[Token], first: int) -> tuple[str, list[Section]]:
    title, sections = "", [Section("", first)]
    kinds: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        line = first + (token.map[0] if token.map else 0)
        if token.nesting == 1:
            kinds.append(token.tag)
            if token.tag == "h2" and following is not None:
                sections.append(Section(following.content, line))
            elif token.tag == "tr":
                sections[-1].rows.append([])
            elif token.tag == "li" and kinds == ["ol", "li"]:
                sections[-1].steps.append("")
        elif token.nesting == -1:
            kinds.pop()
        elif token.type == "inline" and kinds[-1] == "h1":
            title = token.content
        elif token.type in ("inline", "fence") and kinds[-1:] != ["h2"]:
            _add(sections[-1], token, kinds, line)
    return title, sections[1:]


def _add(section: Section, token: Token, kinds: list[str], line: int) -> None:
    """Put a paragraph, a cell or a fenced block where it belongs."""
    if token.type == "fence":
        section.fences.append(Fence(token.info.strip(), token.content, line))
        if token.info.strip() == "promql":
            section.after_queries.append("")
        return
    children = token.children or []
    text = "".join(child.content or " " for child in children)
    section.text += f"{text}\n"
    links = (str(child.attrs["href"]) for child in children if "href" in child.attrs)
    section.links += [(line, link) for link in links]
    if section.after_queries and not section.after_queries[-1]:
        section.after_queries[-1] = text
    if kinds[:2] == ["ol", "li"]:
        section.steps[-1] += f"{text}\n"
    elif kinds[-1] in ("td", "th"):
        section.rows[-1].append(text)
