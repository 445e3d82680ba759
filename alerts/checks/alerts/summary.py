"""alerts/summary: a summary is one fixed sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/summary"
# Source: mixtool's alert-summary-style and alert-summary-templating.
SENTENCE = re.compile(r"[A-Z][^\n]+\.")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a summary that changes with the value, or is no sentence."""
    for rule in loaded.alerts:
        summary = rule.annotations.get("summary", "")
        if "{{" in summary:
            yield rule.problem(ID, "its summary has a template in it: values belong to description")
        if summary and not SENTENCE.fullmatch(summary):
            yield rule.problem(
                ID, "its summary begins with no capital, or ends without a full stop"
            )
