"""What OpenSLO has no field for, as annotations of an SLO: `slo-kit/…`.

OpenSLO leaves annotations to its implementations. Written is only what differs from the defaults;
read back, it wins over what policies and queries say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from slo.model import BURN_WINDOWS, SCRAPE_INTERVAL, Alerting, BurnWindow, Severity
from slo.promql import duration
from slo.specs.durations import exact
from slo.specs.locate import meant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from slo.model import Slo
    from slo.specs.locate import Place

PREFIX = "slo-kit/"
GROUP_BY = f"{PREFIX}group-by"
SCRAPE = f"{PREFIX}scrape-interval"
WINDOWS = f"{PREFIX}burn-windows"
# Fields of `Alerting`, by kind of value.
FLAGS = {f"{PREFIX}page": "page", f"{PREFIX}ticket": "ticket"}
TEXTS = {f"{PREFIX}alert-name": "name"}
TABLES = {
    f"{PREFIX}alert-labels": "labels",
    f"{PREFIX}page-labels": "page_labels",
    f"{PREFIX}ticket-labels": "ticket_labels",
    f"{PREFIX}alert-annotations": "annotations",
    f"{PREFIX}page-annotations": "page_annotations",
    f"{PREFIX}ticket-annotations": "ticket_annotations",
}
KNOWN = (GROUP_BY, SCRAPE, WINDOWS, *FLAGS, *TEXTS, *TABLES)


@dataclass(frozen=True, slots=True)
class Extras:
    """What annotations say; None where they are silent."""

    group_by: tuple[str, ...] | None = None
    scrape_interval: timedelta = SCRAPE_INTERVAL
    burn_windows: tuple[BurnWindow, ...] | None = None
    alerting: Mapping[str, Any] | None = None

    def changed(self, alerting: Alerting) -> Alerting:
        """Return what a policy says with the annotations over it."""
        return replace(alerting, **dict(self.alerting or {}))


def written(slo: Slo, inferred: tuple[str, ...]) -> dict[str, str]:
    """Return the annotations of an SLO whose queries are grouped by the inferred labels."""
    found: dict[str, str] = {}
    if slo.group_by != inferred:
        found[GROUP_BY] = ",".join(slo.group_by)
    if slo.scrape_interval != SCRAPE_INTERVAL:
        found[SCRAPE] = duration(slo.scrape_interval)
    if slo.burn_windows != BURN_WINDOWS:
        found[WINDOWS] = ", ".join(map(_window_text, slo.burn_windows))
    plain = Alerting()
    for name, attribute in {**FLAGS, **TEXTS, **TABLES}.items():
        value = getattr(slo.alerting, attribute)
        if value != getattr(plain, attribute):
            found[name] = value if isinstance(value, str) else _json(value)
    return found


def read_extras(annotations: Mapping[str, Place]) -> Extras:
    """Read our annotations among others; those of other systems are theirs."""
    extras, alerting = Extras(), {}
    for name, place in annotations.items():
        if not name.startswith(PREFIX):
            continue
        if name not in KNOWN:
            place.wrong(f"there is no such annotation; {meant(name, KNOWN)}")
            continue
        if (text := place.text()) is None:
            continue
        try:
            if name == GROUP_BY:
                extras = replace(extras, group_by=tuple(filter(None, text.split(","))))
            elif name == SCRAPE:
                extras = replace(extras, scrape_interval=exact(text))
            elif name == WINDOWS:
                extras = replace(extras, burn_windows=_windows(text))
            else:
                alerting[{**FLAGS, **TEXTS, **TABLES}[name]] = _value(name, text)
        except ValueError as error:
            place.wrong(str(error))
    return replace(extras, alerting=alerting)


def _value(name: str, text: str) -> bool | str | dict[str, str]:
    if name in TEXTS:
        return text
    value = json.loads(text)
    if name in FLAGS and isinstance(value, bool):
        return value
    if name in TABLES and isinstance(value, dict):
        return {key: str(each) for key, each in value.items()}
    raise ValueError(f"{text!r} is no value; true or false" if name in FLAGS else "no JSON object")


def _json(value: object) -> str:
    whole = value if isinstance(value, bool) else dict(value)  # type: ignore[call-overload]  # a mapping
    return json.dumps(whole, ensure_ascii=False)


def _window_text(window: BurnWindow) -> str:
    return (
        f"{window.severity} {window.budget_spent} {duration(window.long)} {duration(window.short)}"
    )


def _windows(text: str) -> tuple[BurnWindow, ...]:
    return tuple(_window(part) for part in filter(None, text.split(",")))


def _window(text: str) -> BurnWindow:
    words = text.split()
    if len(words) != 4:
        raise ValueError(f"{text.strip()!r} is no window; like page 1/50 1h 5m")
    severity, spent, long, short = words
    return BurnWindow(Severity(severity), Fraction(spent), exact(long), exact(short))
