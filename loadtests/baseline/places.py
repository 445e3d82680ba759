"""Where a baseline is kept: a file in the repository, or an object in S3."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loadtests.baseline.s3 import SCHEME, S3Place
from loadtests.errors import MisuseError

MOST_BYTES = 1_000_000


class Place(Protocol):
    """Holds the bytes of one baseline."""

    def there(self) -> bool:
        """Tell whether one is kept already."""

    def read(self, most: int) -> bytes:
        """Return so many bytes at most; raises MisuseError when there is none."""

    def write(self, content: bytes, *, replace: bool) -> str:
        """Keep it and say where; raises FileExistsError when there is one already."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file, which somebody commits."""

    path: Path

    def there(self) -> bool:
        """Tell whether there is a file."""
        return self.path.exists()

    def read(self, most: int) -> bytes:
        """Return so many bytes at most; raises MisuseError when it cannot be read."""
        try:
            with self.path.open("rb") as stream:
                return stream.read(most)
        except OSError as error:
            raise MisuseError(
                f"the baseline {self.path} cannot be read: {error.strerror}"
            ) from None

    def write(self, content: bytes, *, replace: bool) -> str:
        """Write the whole file or nothing; raises FileExistsError when there is one already."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            done = self._put(content, replace=replace)
        except OSError as error:
            raise MisuseError(
                f"the baseline {self.path} cannot be written: {error.strerror}"
            ) from None
        if not done:
            raise FileExistsError(self.path)
        return str(self.path)

    def _put(self, content: bytes, *, replace: bool) -> bool:
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".baseline-") as folder:
            made = Path(folder) / "baseline"
            made.write_bytes(content)
            if replace:
                made.replace(self.path)
                return True
            try:
                # A link, unlike a rename, is refused when something is there.
                os.link(made, self.path)
            except FileExistsError:
                return False
            return True


def place_at(text: str) -> Place:
    """Return the place of a path, or of s3://bucket/key; raises MisuseError for another scheme."""
    if text.startswith(SCHEME):
        return S3Place.parse(text)
    if "://" in text:
        raise MisuseError(f"{text} is no place for a baseline; a path, or {SCHEME}bucket/key")
    return FilePlace(Path(text))


def read_place(text: str) -> bytes:
    """Return what is kept at a place; raises MisuseError when it is absent or too large."""
    raw = place_at(text).read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise MisuseError(f"{text} has more than {MOST_BYTES:,} bytes: it is no baseline")
    return raw


def write_place(text: str, content: bytes, *, replace: bool) -> str:
    """Keep a baseline and say where; raises MisuseError when one is there and may not be replaced.

    A reference that moved by itself would hide every drift that is slow enough.
    """
    try:
        return place_at(text).write(content, replace=replace)
    except FileExistsError:
        raise _taken(text) from None


def refuse_taken(text: str) -> None:
    """Raise MisuseError for a place where one is kept, before minutes are spent on another."""
    if place_at(text).there():
        raise _taken(text)


def _taken(text: str) -> MisuseError:
    return MisuseError(
        f"{text} is there, and drift is found against it; --replace if a new one is wanted"
    )
