"""Bands of a policy: which say what may ship for every share of the budget, once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from slo.policy.model import Band, Bound
from slo.policy.values import read_changes, read_name, read_share
from slo.report import percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from slo.policy.model import Change
    from slo.specs.locate import Place

EVERYTHING = 1


def read_bands(place: Place) -> tuple[Band, ...] | None:
    """Return the bands, most budget first; none when something is wrong with them."""
    problems = len(place.findings.problems)
    items = place.items()
    if not items:
        place.wrong("there are no bands; without any, nothing would say what may ship")
    found = [(band, item) for item in items if (band := _band(item)) is not None]
    if len(place.findings.problems) > problems:
        return None
    found.sort(key=lambda one: _order(one[0]), reverse=True)
    _refuse_twins(found)
    _refuse_open_ends(found)
    for (upper, _), (lower, item) in pairwise(found):
        _refuse_seam(upper, lower, item)
        if more := lower.allows - upper.allows:
            item.wrong(f"{lower.name} allows {_names(more)} and {upper.name} does not; swap them")
    return tuple(band for band, _ in found)


def _band(place: Place) -> Band | None:
    given = place.fields("warns", "name left allows")
    name = read_name(given["name"]) if "name" in given else None
    ends = _ends(given["left"]) if "left" in given else None
    allows = read_changes(given["allows"]) if "allows" in given else None
    warns = _warns(given["warns"], allows) if "warns" in given else frozenset()
    if name is None or ends is None or allows is None:
        return None
    return Band(name, *ends, allows, warns)


def _warns(place: Place, allows: frozenset[Change] | None) -> frozenset[Change]:
    known = [] if allows is None else sorted(allows)
    words = [item.choice(known) for item in place.items()] if known else []
    return frozenset(change for change in known if change in words)


def _ends(place: Place) -> tuple[Bound | None, Bound | None] | None:
    given = place.fields("above from below to")
    if not given:
        place.wrong(
            "give above or from, below or to, or one of each, like {from: 10 %, below: 25 %}"
        )
        return None
    for one, other in (("above", "from"), ("below", "to")):
        if one in given and other in given:
            given[other].wrong(f"give {one} or {other}, not both")
            return None
    shares = {name: read_share(value) for name, value in given.items()}
    low, high = _bound(shares, "above", "from"), _bound(shares, "below", "to")
    if None in shares.values():
        return None
    if low and high and (low.share >= high.share):
        place.wrong("it ends where it begins or before; give the smaller share first")
        return None
    return low, high


def _bound(shares: dict[str, Fraction | None], without: str, within: str) -> Bound | None:
    for name in (without, within):
        if (share := shares.get(name)) is not None:
            return Bound(share, name == within)
    return None


def _order(band: Band) -> tuple[bool, Fraction | int]:
    return band.high is None, band.high.share if band.high else 0


def _refuse_twins(found: Sequence[tuple[Band, Place]]) -> None:
    seen: dict[str, int] = {}
    for band, item in sorted(found, key=lambda one: one[1].line):
        if band.name in seen:
            item.wrong(f"the name {band.name} is also in line {seen[band.name]}; rename one")
        seen.setdefault(band.name, item.line)


def _refuse_open_ends(found: Sequence[tuple[Band, Place]]) -> None:
    (first, top), (last, bottom) = found[0], found[-1]
    if first.high and not (first.high.share == EVERYTHING and first.high.included):
        top.wrong(f"no band has more than {percent(first.high.share)} left; take its upper end out")
    if last.low:
        # What is left falls below zero when more than the budget is spent.
        bottom.wrong(
            f"no band has less than {percent(last.low.share)} left; take its lower end out"
        )


def _refuse_seam(upper: Band, lower: Band, item: Place) -> None:
    """Refuse a share that is in two bands, or in none."""
    low, high = upper.low, lower.high
    if low is None or high is None or low.share < high.share:
        item.wrong(f"{lower.name} and {upper.name} overlap; let one end where the other begins")
    elif low.share > high.share:
        gap = f"{percent(high.share)} to {percent(low.share)}"
        item.wrong(f"{gap} left is in no band; let {lower.name} end where {upper.name} begins")
    elif low.included == high.included:
        which = "both" if low.included else "neither"
        item.wrong(
            f"{percent(low.share)} itself is in {which} of {lower.name} and {upper.name}; "
            "begin one with from and end the other with below, or with above and to"
        )


def _names(changes: frozenset[Change]) -> str:
    return ", ".join(sorted(changes))
