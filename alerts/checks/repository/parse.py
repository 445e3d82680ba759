"""yaml/parse: every rule file and prometheus.yml can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "yaml/parse"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a file that is no YAML, or has another shape."""
    yield from loaded.unreadable
