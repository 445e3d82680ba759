"""OpenSLO v1: all its kinds, by name and within each other, from any number of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.specs.openslo_alerts import read_condition, read_policy, read_target
from slo.specs.openslo_indicators import read_sli
from slo.specs.openslo_objects import Library, Thing, description, read_thing
from slo.specs.openslo_slo import read_slo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.model import Slo
    from slo.specs.locate import Place


def read_openslo(documents: Sequence[Place]) -> list[tuple[Place, Slo]]:
    """Read the SLOs among some objects, each with the place that it was read from."""
    library = Library()
    for place in documents:
        if thing := read_thing(place):
            library.add(thing)
    for thing in library.things.values():
        _check(thing, library)
    return [(thing.place, slo) for thing in library.of("SLO") for slo in read_slo(thing, library)]


def _check(thing: Thing, library: Library) -> None:
    """Find the problems of an object that no SLO may refer to."""
    match thing.kind:
        case "SLI":
            read_sli(thing, library)
        case "AlertPolicy":
            read_policy(thing, library)
        case "AlertCondition":
            read_condition(thing)
        case "AlertNotificationTarget":
            read_target(thing)
        case "DataSource":
            description(thing.spec.fields("description connectionDetails", "type"))
        case "Service" if thing.spec is not thing.place:
            description(thing.spec.fields("description"))
