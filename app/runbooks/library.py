"""The runbooks in a folder: which there are, and what stands in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

HEAD = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
# The first sentence of a page: it stands below the first heading of the second level.
OPENING = re.compile(r"^## .*\n\s*((?:.+\n)+)", re.MULTILINE)
# About writing runbooks, not for whoever reads one.
HIDDEN = frozenset({"README", "_template"})
DISASTERS = "disaster"
MOST_NEAR = 5


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page: its name in addresses, front matter, and Markdown."""

    name: str
    text: str
    front: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return its heading, or its name."""
        found = TITLE.search(self.text)
        return found[1] if found else self.name

    @property
    def opening(self) -> str:
        """Return its first sentence, in Markdown; empty when it has no section."""
        found = OPENING.search(self.text)
        return "" if found is None else re.split(r"(?<=\.) ", " ".join(found[1].split()))[0]


class Library:
    """The runbooks of a folder, read anew for every question: they change with a deploy or an edit.

    Only names that the folder's listing gives are ever opened.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; it may be missing."""
        self._folder = folder

    @property
    def present(self) -> bool:
        """Say whether there is a folder."""
        return self._folder.is_dir()

    def names(self) -> list[str]:
        """List the names, like `DatabaseDown` and `disaster/region-lost`, in order."""
        return sorted(self._files())

    def read(self, name: str) -> Runbook | None:
        """Read a page; None when there is none of this name."""
        path = self._files().get(name)
        if path is None:
            return None
        try:
            return _parse(name, path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return None  # removed, or not ours to read

    def all(self) -> list[Runbook]:
        """Read every page, in order."""
        return [page for page in map(self.read, self.names()) if page is not None]

    def near(self, name: str) -> list[str]:
        """List the names that somebody may have meant, likeliest first."""
        by_lower = {known.lower(): known for known in self.names()}
        found = get_close_matches(name.lower()[:100], by_lower, n=MOST_NEAR, cutoff=0.5)
        return [by_lower[lower] for lower in found]

    def _files(self) -> dict[str, Path]:
        found = {path.stem: path for path in self._folder.glob("*.md")}
        for path in (self._folder / DISASTERS).glob("*.md"):
            found[f"{DISASTERS}/{path.stem}"] = path
        return {name: path for name, path in found.items() if name not in HIDDEN and path.is_file()}


def _parse(name: str, source: str) -> Runbook:
    head = HEAD.match(source)
    if head is None:
        return Runbook(name, source)
    try:
        front = yaml.safe_load(head[1])
    except yaml.YAMLError:
        front = None  # `runbooks/sections` tells of it; what helps at night is the text
    known = front if isinstance(front, dict) else {}
    return Runbook(
        name, source[head.end() :], {str(key): str(value) for key, value in known.items()}
    )
