"""Rulings of several runs in one, and waivers beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loadtests.judging.model import Ruling, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loadtests.waivers.model import Waiver

ORDER = tuple(Status)
KEPT = (Status.PASSED, Status.WARNED)


def worst_first(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """Return rulings by their status, what is waived behind what is not, what is flaky before it.

    Else they stay in the order given.
    """
    return tuple(
        sorted(rulings, key=lambda r: (ORDER.index(r.status), r.waiver is not None, not r.flaky))
    )


def confirmed(first: Sequence[Ruling], second: Sequence[Ruling]) -> tuple[Ruling, ...]:
    """Return what a second run says of the same rules, worst first.

    What failed in one of them and was kept in the other is flaky, whichever came first, and says
    what it had failed by: only what fails twice blocks. A ruling that the second run does not have
    stays as it was.
    """
    again = {_place(ruling): ruling for ruling in second}
    known = {_place(ruling) for ruling in first}
    both = [_second(ruling, again.get(_place(ruling))) for ruling in first]
    return worst_first([*both, *(r for r in second if _place(r) not in known)])


def _second(before: Ruling, after: Ruling | None) -> Ruling:
    if after is None:
        return before
    if before.status is Status.FAILED and after.status in KEPT:
        return replace(after, flaky=True, why=f"{after.why}; at first it failed: {before.why}")
    if after.status is Status.FAILED and before.status in KEPT:
        return replace(before, flaky=True, why=f"{before.why}; then it failed: {after.why}")
    return after


def waived(rulings: Iterable[Ruling], waivers: Sequence[Waiver]) -> tuple[Ruling, ...]:
    """Attach to each ruling the first waiver that names its rule; its status stays."""
    by_rule = {name: waiver for waiver in reversed(waivers) for name in waiver.rules}
    return tuple(replace(ruling, waiver=by_rule.get(ruling.rule.id)) for ruling in rulings)


def _place(ruling: Ruling) -> tuple[str, str]:
    return ruling.rule.id, ruling.over
