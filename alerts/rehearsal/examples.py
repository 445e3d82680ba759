"""Label values that some conditions match and others do not."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slo.promql import Matcher

MOST_TRIES = 50_000
ANYTHING = ("", "other", "200")
# What stands for one character or more, and an example of it.
WILD = ((r"\\d|\[0-9\]|\[0-9\]\+|\\d\+", "0"), (r"\.[*+]", "x"), (r"\.", "0"), (r"[?^$]", ""))


def example(
    wanted: Sequence[Matcher], unwanted: Sequence[Sequence[Matcher]], given: Mapping[str, str]
) -> dict[str, str] | None:
    """Return labels that all wanted conditions match, and none of the unwanted lists in full.

    Labels without a value are left out; None when there are no such labels.
    """
    conditions = [*wanted, *(matcher for group in unwanted for matcher in group)]
    names = sorted({matcher.label for matcher in conditions} | set(given))
    choices = [_choices(name, conditions, given) for name in names]
    for number, values in enumerate(product(*choices)):
        if number > MOST_TRIES:
            return None
        labels = dict(zip(names, values, strict=True))
        if matches(wanted, labels) and not any(matches(group, labels) for group in unwanted):
            return {name: value for name, value in labels.items() if value}
    return None


def matches(conditions: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether Prometheus would select a series with these labels."""
    return all(_matches(condition, labels.get(condition.label, "")) for condition in conditions)


def _matches(condition: Matcher, value: str) -> bool:
    if condition.operator in ("=", "!="):
        found = condition.value == value
    else:
        found = re.fullmatch(condition.value, value) is not None
    return found == (condition.operator in ("=", "=~"))


def _choices(name: str, conditions: Sequence[Matcher], given: Mapping[str, str]) -> list[str]:
    if name in given:
        return [given[name]]
    own = [condition for condition in conditions if condition.label == name]
    wanted = [value for condition in own for value in _values(condition)]
    return list(dict.fromkeys([*wanted, *ANYTHING]))


def _values(condition: Matcher) -> Iterator[str]:
    if condition.operator in ("=", "!="):
        yield condition.value
        return
    for alternative in re.split(r"[|()]", condition.value):
        text = alternative
        for pattern, instead in WILD:
            text = re.sub(rf"(?<!\\)(?:{pattern})", instead, text)
        yield text.replace("\\", "")
