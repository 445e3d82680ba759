"""alerts/name: alerts are named in PascalCase of at most 40 letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/name"
# More than that fills the screen of a phone.
MOST_LETTERS = 40
# Source: mixtool's alert-name-camelcase.
PASCAL_CASE = re.compile(r"([A-Z]+[a-z0-9]+)+")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name that is written otherwise, or fills a phone."""
    for rule in loaded.alerts:
        if not PASCAL_CASE.fullmatch(rule.name):
            yield rule.problem(ID, "is not written in PascalCase")
        if len(rule.name) > MOST_LETTERS:
            yield rule.problem(ID, f"has {len(rule.name)} letters: at most {MOST_LETTERS}")
