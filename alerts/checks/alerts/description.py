"""alerts/description: a description shows the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.absence import asks_for_absence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/description"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a description that is the same for every value.

    Source: mixtool's alert-description-templating. What is absent has no value to show.
    """
    for rule, tree in loaded.parsed:
        description = rule.annotations.get("description", "")
        fixed = rule.alert and description and "{{" not in description
        if fixed and not asks_for_absence(tree, loaded):
            yield rule.problem(ID, "its description shows neither the value nor a label")
