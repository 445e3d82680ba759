"""From what was read to an SLO of ours; what the model refuses becomes a located problem."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from slo.indicators import ProbeSli, QuerySli, RawSli, SliceSli
from slo.model import SLO_ID, CompositeSli, HopelessSloError, Slo
from slo.promql import duration
from slo.specs.locate import shown
from slo.specs.queries import QueryError, grouping

if TYPE_CHECKING:
    from slo.indicators import Sli
    from slo.specs.locate import Place


SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


def build(place: Place, **fields: Any) -> Slo | None:  # noqa: ANN401  # the fields of an Slo
    """Make an SLO; None, and a problem at the place, for one that cannot be."""
    try:
        slo = Slo(**fields)
    except HopelessSloError as error:
        place.wrong(str(error), error.finding)
        return None
    except (ValueError, TypeError) as error:
        place.wrong(str(error))
        return None
    longest = max((window.long for window in slo.burn_windows), default=timedelta())
    if longest > slo.length:
        place.wrong(
            f"a period of {duration(slo.length)} is shorter than an alert's window of "
            f"{duration(longest)}; a longer period, like 28d"
        )
        return None
    return slo


def usable_id(place: Place, name: str) -> bool:
    """Tell whether a name can be an id; a problem, with one that could, if not."""
    if SLO_ID.fullmatch(name):
        return True
    better = slug(name)
    hint = f"; {better}" if SLO_ID.fullmatch(better) else ""
    place.wrong(f"{name!r} cannot name an SLO: 3 to 64 of a-z, 0-9 and -, a letter first{hint}")
    return False


def usable_service(place: Place) -> str | None:
    """Read the name of a service; it becomes a label, and a part of names."""
    name = place.text()
    if name is None or SERVICE.fullmatch(name):
        return name
    place.wrong(
        f"{shown(name)} cannot name a service: letters, digits and ._/-, a letter or digit first"
    )
    return None


def slug(text: str) -> str:
    """Return the closest id of a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def title_of(name: str) -> str:
    """Return the title of an SLO that has only a name."""
    return name.replace("-", " ").capitalize()


def alert_of(name: str) -> str:
    """Return the name of the alerts of an SLO that names none."""
    return "".join(word.capitalize() for word in name.split("-"))


def groups(sli: Sli | CompositeSli, place: Place) -> tuple[str, ...]:
    """Return the labels that an SLO is grouped by, as far as its queries say."""
    try:
        return inferred_groups(sli)
    except QueryError as error:
        place.wrong(str(error))
        return ()


def inferred_groups(sli: Sli | CompositeSli) -> tuple[str, ...]:
    """Return the labels that queries leave; parts that disagree raise QueryError.

    A probe leaves none: every series that it finds is a moment of its own.
    """
    match sli:
        case QuerySli():
            return grouping(sli.total_query)
        case RawSli():
            return grouping(sli.error_query)
        case SliceSli():
            return inferred_groups(sli.of)
        case CompositeSli():
            found = {tuple(sorted(inferred_groups(part.sli))) for part in sli.parts}
            if len(found) > 1:
                raise QueryError("the parts are grouped by different labels; the same for all")
            return inferred_groups(sli.parts[0].sli)
        case ProbeSli():
            return ()
    return ()
