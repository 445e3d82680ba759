"""SLO objects of OpenSLO v1: one `Slo` for each objective, or one for all of a composite.

Several objectives of one SLO are named `<name>-<displayName>` where they have display names that
differ, and `<name>-1`, `<name>-2` where not. The objectives of a composite each have an indicator
of their own; they share one target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slo.model import BURN_WINDOWS, LENGTHS, PERIOD, Alerting, Calendar, CompositeSli, Part
from slo.specs.annotations import read_extras
from slo.specs.build import build, groups, slug, usable_id, usable_service
from slo.specs.durations import time_window
from slo.specs.openslo_alerts import alerting, burn_windows, read_policies
from slo.specs.openslo_indicators import read_sli
from slo.specs.openslo_objectives import METHODS, judged, read_objective
from slo.specs.openslo_objects import description, read_thing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slo.model import Slo
    from slo.specs.locate import Place
    from slo.specs.openslo_indicators import Read
    from slo.specs.openslo_objectives import Objective
    from slo.specs.openslo_objects import Library, Thing

FIELDS = "description indicator indicatorRef timeWindow alertPolicies"


@dataclass(frozen=True, slots=True)
class Named:
    """An indicator, and the name of the SLI that it was read from."""

    name: str
    sli: Read


def read_slo(thing: Thing, library: Library) -> list[Slo]:
    """Read one SLO object."""
    given = thing.spec.fields(FIELDS, "service budgetingMethod objectives")
    common = _common(thing, given, library)
    places = given["objectives"].items() if "objectives" in given else []
    if "objectives" in given and not places:
        given["objectives"].wrong("there is no objective; give one")
    read = [read_objective(place) for place in places]
    method = given["budgetingMethod"].choice(METHODS) if "budgetingMethod" in given else None
    if method == "RatioTimeslices":
        given["budgetingMethod"].wrong(
            "RatioTimeslices counts a quiet minute like a busy one; Occurrences or Timeslices"
        )
        return []
    objectives = [objective for objective in read if objective]
    whole = _indicator(given, library)
    composite = [each.place for each in objectives if each.has_indicator]
    if composite and ("indicator" in given or "indicatorRef" in given):
        composite[0].wrong("the SLO has an indicator already; give it there or in each objective")
        return []
    if not composite and not ("indicator" in given or "indicatorRef" in given):
        thing.spec.wrong("indicator is missing; give indicator or indicatorRef")
    usable = usable_id(thing.named, thing.name)
    if not usable or method is None or len(objectives) < len(places):
        return []
    if composite:
        return _composite(thing, objectives, common, library, method)
    return _each(thing, objectives, common, whole, method) if whole else []


def _common(thing: Thing, given: Mapping[str, Place], library: Library) -> dict[str, Any]:
    """Read what all objectives of an SLO share."""
    extras = read_extras(thing.annotations)
    period = time_window(given["timeWindow"]) if "timeWindow" in given else PERIOD
    wanted = given["alertPolicies"].items() if "alertPolicies" in given else []
    policies = read_policies(wanted, library)
    length = LENGTHS[period.unit] if isinstance(period, Calendar) else period or PERIOD
    windows = burn_windows(policies, length) if wanted else BURN_WINDOWS
    return {
        "service": _service(given, library),
        "description": description(given),
        "period": period,
        "labels": thing.labels,
        "scrape_interval": extras.scrape_interval,
        "burn_windows": windows if extras.burn_windows is None else extras.burn_windows,
        "alerting": extras.changed(alerting(policies) if wanted else Alerting()),
        "group_by": extras.group_by,
    }


def _each(
    thing: Thing, objectives: list[Objective], common: dict[str, Any], whole: Named, method: str
) -> list[Slo]:
    titles = [slug(objective.title) for objective in objectives]
    told = len(set(titles)) == len(titles) and all(titles)
    made = []
    for number, objective in enumerate(objectives):
        sli = judged(whole.sli, objective, method)
        name, title = thing.name, thing.title
        if len(objectives) > 1:
            name = f"{name}-{titles[number] if told else number + 1}"
            title = f"{title}: {objective.title or number + 1}"
        if sli is not None:
            fields = {"id": name, "title": title, "objective": objective.target, "sli": sli}
            made.append(_built(objective.place, common, fields))
    return [slo for slo in made if slo]


def _composite(
    thing: Thing,
    objectives: list[Objective],
    common: dict[str, Any],
    library: Library,
    method: str,
) -> list[Slo]:
    parts = [_part(objective, library, method) for objective in objectives]
    for objective in objectives[1:]:
        if objective.target != objectives[0].target:
            objective.place.wrong("the objectives of a composite share one target; the same in all")
            return []
    try:
        sli = CompositeSli(tuple(part for part in parts if part))
    except ValueError as error:
        if None not in parts:
            thing.spec.wrong(str(error))
        return []
    fields = {"id": thing.name, "title": thing.title, "objective": objectives[0].target}
    slo = None if None in parts else _built(thing.spec, common, {**fields, "sli": sli})
    return [slo] if slo else []


def _part(objective: Objective, library: Library, method: str) -> Part | None:
    named = _indicator(objective.given, library)
    if named is None:
        if not objective.has_indicator:
            objective.place.wrong("indicator is missing; every objective of a composite has one")
        return None
    sli = judged(named.sli, objective, method, counted=True)
    try:
        return None if sli is None else Part(named.name, objective.weight, sli)  # type: ignore[arg-type]  # counted
    except ValueError as error:
        objective.place.wrong(str(error))
        return None


def _built(place: Place, common: dict[str, Any], fields: dict[str, Any]) -> Slo | None:
    """Make the SLO of an objective, unless what all objectives share was wrong."""
    by = common["group_by"]
    by = groups(fields["sli"], place) if by is None else by
    if common["service"] is None or common["period"] is None:
        return None
    return build(place, **{**common, **fields, "group_by": by})


def _service(given: Mapping[str, Place], library: Library) -> str | None:
    """Read the service; it must exist where its own file declares any."""
    if "service" not in given:
        return None
    here = [thing for thing in library.of("Service") if thing.place.file == given["service"].file]
    if here and not library.find("Service", given["service"]):
        return None
    return usable_service(given["service"])


def _indicator(given: Mapping[str, Place], library: Library) -> Named | None:
    if "indicator" in given and "indicatorRef" in given:
        given["indicatorRef"].wrong("give one of indicator and indicatorRef")
        return None
    thing = None
    if "indicator" in given:
        thing = read_thing(given["indicator"], "SLI")
    elif "indicatorRef" in given:
        thing = library.find("SLI", given["indicatorRef"])
    sli = read_sli(thing, library) if thing else None
    return Named(thing.name, sli) if thing and sli else None
