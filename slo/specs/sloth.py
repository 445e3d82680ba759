"""Sloth's specs: `version: prometheus/v1`, and `PrometheusServiceLevel` of Kubernetes.

Both say the same in two spellings. A spec has no period: Sloth takes it from its command line, and
30 days if nothing is said there, as here. Its plugins are Go programs; those that come with Sloth
change rules and not what is measured, so they are told as a note, others are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from slo.indicators import QuerySli, RawSli
from slo.model import NO_BUDGET, Alerting
from slo.specs.build import alert_of, build, groups, title_of, usable_id, usable_service
from slo.specs.queries import QueryError, grouping, windowed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from slo.model import Slo
    from slo.specs.locate import Place

VERSION = "prometheus/v1"
KUBERNETES = "sloth.slok.dev/v1"
KIND = "PrometheusServiceLevel"
OWN_PLUGINS = ("sloth.dev/core/", "sloth.dev/contrib/")
LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
SLO_FIELDS = "alerting description labels infoLabels plugins interval"
ALERT_FIELDS = "disable labels annotations for"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a spec writes its fields: `page_alert`, or in Kubernetes `pageAlert`."""

    kubernetes: bool

    def __call__(self, names: str) -> str:
        """Write one or more names of fields."""
        if not self.kubernetes:
            return names
        return re.sub(r"_([a-z])", lambda found: found[1].upper(), names)


@dataclass(frozen=True, slots=True)
class OneAlert:
    """What a spec says of the page, or of the ticket."""

    wanted: bool = True
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


def read_sloth(place: Place) -> list[tuple[Place, Slo]]:
    """Read one document of the plain form."""
    given = place.fields("labels slo_plugins", "version service slos")
    return _spec(given, Spelling(kubernetes=False))


def read_sloth_kubernetes(place: Place) -> list[tuple[Place, Slo]]:
    """Read one document of the form for Kubernetes."""
    given = place.fields("status", "apiVersion kind metadata spec")
    kind = given["kind"].text() if "kind" in given else None
    if kind != KIND:
        if kind is not None:
            given["kind"].wrong(f"{kind} is not read; {KIND}")
        return []
    if "spec" not in given:
        return []
    spell = Spelling(kubernetes=True)
    return _spec(given["spec"].fields(spell("labels slo_plugins"), "service slos"), spell)


def _spec(given: Mapping[str, Place], spell: Spelling) -> list[tuple[Place, Slo]]:
    service = usable_service(given["service"]) if "service" in given else None
    labels = _labels(given)
    if spell("slo_plugins") in given:
        _plugins(given[spell("slo_plugins")])
    places = given["slos"].items() if "slos" in given else []
    if "slos" in given and not places:
        given["slos"].wrong("there is no SLO; give one")
    read = [(place, _slo(place, service, labels, spell)) for place in places]
    return [(place, slo) for place, slo in read if slo]


def _slo(place: Place, service: str | None, labels: dict[str, str], spell: Spelling) -> Slo | None:
    given = place.fields(SLO_FIELDS, "name objective sli")
    name = given["name"].text() if "name" in given else None
    usable = name is not None and usable_id(given["name"], name)
    description = given["description"].text() if "description" in given else ""
    objective = _objective(given["objective"]) if "objective" in given else None
    own = _labels(given)
    if "plugins" in given:
        _plugins(given["plugins"])
    for unused in ("infoLabels", "interval"):
        if unused in given:
            given[unused].note("it says how Sloth writes rules, and is not used")
    sli = _sli(given["sli"], spell) if "sli" in given else None
    alerting = _alerting(given["alerting"], spell) if "alerting" in given else Alerting()
    if not usable or name is None or None in (service, description, objective, sli, alerting):
        return None
    return build(
        place,
        id=name,
        service=service,
        title=title_of(name),
        description=description,
        objective=objective,
        sli=sli,
        group_by=groups(sli, place) if sli else (),
        labels={**labels, **own},
        alerting=_unnamed(alerting, name),
    )


def _unnamed(alerting: Alerting | None, name: str) -> Alerting | None:
    """Leave the name of alerts to us where it is the one that we would give."""
    same = alerting and alerting.name == alert_of(name)
    return replace(alerting, name="") if alerting and same else alerting


def _objective(place: Place) -> Fraction | None:
    number = place.number()
    if number is None or 0 < number < 100:
        return None if number is None else number / 100
    sentence = "the objective must lie between 0 and 100 percent, both excluded"
    place.wrong(sentence, NO_BUDGET if number == 100 else "")
    return None


def _sli(place: Place, spell: Spelling) -> QuerySli | RawSli | None:
    given = place.fields("raw events plugin")
    if "plugin" in given:
        given["plugin"].wrong("an SLI plugin is a Go program; give its queries as events or raw")
    elif len(given) != 1:
        place.wrong("give one of events and raw")
    elif "raw" in given:
        [query] = _queries(given["raw"], spell, "error_ratio_query")
        return None if query is None else RawSli(query)
    else:
        error, total = _queries(given["events"], spell, "error_query", "total_query")
        return None if error is None or total is None else _events(place, error, total)
    return None


def _events(place: Place, error: str, total: str) -> QuerySli | None:
    if set(grouping(error)) != set(grouping(total)):
        place.wrong("its queries are not grouped by the same labels; sum both by the same ones")
        return None
    # A difference in this very form is how an export writes good events.
    start = f"({total}) - ("
    if error.startswith(start) and error.endswith(")"):
        return QuerySli(total, good_query=error[len(start) : -1])
    return QuerySli(total, bad_query=error)


def _queries(place: Place, spell: Spelling, *names: str) -> list[str | None]:
    given = place.fields("", spell(" ".join(names)))
    return [_query(given[spell(name)]) if spell(name) in given else None for name in names]


def _query(place: Place) -> str | None:
    if (text := place.text()) is None:
        return None
    try:
        return windowed(text.strip())
    except QueryError as error:
        place.wrong(str(error))
        return None


def _alerting(place: Place, spell: Spelling) -> Alerting | None:
    given = place.fields(spell("name labels annotations page_alert ticket_alert"))
    name = given["name"].text() if "name" in given else ""
    page = _alert(given.get(spell("page_alert")))
    ticket = _alert(given.get(spell("ticket_alert")))
    if name is None or page is None or ticket is None:
        return None
    return Alerting(
        page=page.wanted,
        ticket=ticket.wanted,
        labels=_labels(given),
        page_labels=page.labels,
        ticket_labels=ticket.labels,
        page_annotations=page.annotations,
        ticket_annotations=ticket.annotations,
        annotations=given["annotations"].texts() if "annotations" in given else {},
        name=name,
    )


def _alert(place: Place | None) -> OneAlert | None:
    """Read whether one alert is wanted, and what it carries."""
    if place is None:
        return OneAlert()
    given = place.fields(ALERT_FIELDS)
    disabled = given["disable"].flag() if "disable" in given else False
    if "for" in given:
        given["for"].note("how long an alert waits is derived from its windows, and not set")
    annotations = given["annotations"].texts() if "annotations" in given else {}
    return None if disabled is None else OneAlert(not disabled, _labels(given), annotations)


def _labels(given: Mapping[str, Place]) -> dict[str, str]:
    if "labels" not in given:
        return {}
    for name, place in given["labels"].mapping().items():
        if not LABEL.fullmatch(name):
            place.wrong("Prometheus has no such label; letters, digits and _, no __ before")
    return given["labels"].texts()


def _plugins(place: Place) -> None:
    given = place.fields("chain overridePrevious")
    for each in given["chain"].items() if "chain" in given else []:
        name = each.fields("priority config", "id").get("id")
        text = name.text() if name else None
        if name and text and text.startswith(OWN_PLUGINS):
            name.note(f"the plugin {text} changes how Sloth writes rules, and is not used")
        elif name and text:
            name.wrong(f"the plugin {text} is a Go program; leave it out")
