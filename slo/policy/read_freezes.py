"""Freezes of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.policy.calendar import Dated, Freeze, Weekly
from slo.policy.values import read_changes, read_clock, read_moment, read_name, read_zone

if TYPE_CHECKING:
    from slo.specs.locate import Place


def read_freezes(place: Place) -> tuple[Freeze, ...]:
    """Return the freezes that are right."""
    seen: dict[str, int] = {}
    found = []
    for item in place.items():
        if (freeze := _freeze(item)) is None:
            continue
        if freeze.name in seen:
            item.wrong(f"the name {freeze.name} is also in line {seen[freeze.name]}; rename one")
        seen.setdefault(freeze.name, item.line)
        found.append(freeze)
    return tuple(found)


def _freeze(place: Place) -> Freeze | None:
    given = place.fields("weekly dates", "name reason zone exempt")
    name = read_name(given["name"]) if "name" in given else None
    reason = read_name(given["reason"]) if "reason" in given else None
    zone = read_zone(given["zone"]) if "zone" in given else None
    exempt = read_changes(given["exempt"]) if "exempt" in given else None
    if ("weekly" in given) == ("dates" in given):
        place.wrong("give weekly or dates, one of them, each with from and to")
        return None
    when = _weekly(given["weekly"]) if "weekly" in given else _dates(given["dates"])
    if name is None or reason is None or zone is None or exempt is None or when is None:
        return None
    return Freeze(name, reason, zone, when, exempt)


def _weekly(place: Place) -> Weekly | None:
    given = place.fields("", "from to")
    begin = read_clock(given["from"]) if "from" in given else None
    end = read_clock(given["to"]) if "to" in given else None
    if begin is None or end is None:
        return None
    if begin == end:
        place.wrong("it ends where it begins; give another time")
        return None
    return Weekly(begin, end)


def _dates(place: Place) -> Dated | None:
    given = place.fields("", "from to")
    begin = read_moment(given["from"]) if "from" in given else None
    end = read_moment(given["to"]) if "to" in given else None
    if begin is None or end is None:
        return None
    if begin >= end:
        place.wrong("it ends where it begins or before; swap from and to")
        return None
    return Dated(begin, end)
