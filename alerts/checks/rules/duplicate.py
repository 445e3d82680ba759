"""rule/duplicate: no two rules say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded, WrittenRule
    from alerts.reading.problem import Problem

ID = "rule/duplicate"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a rule that is there twice, or writes the series of another one."""
    for number, rule in enumerate(loaded.rules):
        for other in loaded.rules[:number]:
            if (rule.alert, rule.name) != (other.alert, other.name):
                continue
            if rule.labels == other.labels and rule.expr == other.expr:
                yield rule.problem(ID, f"is the same as {other.path}:{other.line}")
            elif not rule.alert and not _apart(rule, other, loaded):
                yield rule.problem(
                    ID, f"can write the same series as {other.path}:{other.line}: label them apart"
                )


def _apart(rule: WrittenRule, other: WrittenRule, loaded: Loaded) -> bool:
    """Say whether a label has no value in common."""
    if rule.tree is None or other.tree is None:
        return True
    shapes = [loaded.known.result(one, one.tree) for one in (rule, other)]
    if shapes[0] is None or shapes[1] is None:
        return True
    absent = frozenset({""})
    pairs = [
        (shapes[0].get(k, absent), shapes[1].get(k, absent)) for k in {**shapes[0], **shapes[1]}
    ]
    return any(a is not None and b is not None and a.isdisjoint(b) for a, b in pairs)
