"""What Alertmanager does with an alert, computed from its configuration alone.

A model of its dispatcher, time intervals and inhibitor; tests compare it with the real ones.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alerts.time_intervals import contains

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    Labels = Mapping[str, str]

MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(".*")\s*')


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that an alert does not have is empty."""

    label: str
    operator: str
    value: str

    def holds(self, labels: Labels) -> bool:
        """Tell whether labels meet it; regular expressions are anchored."""
        value = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (value == self.value) == (self.operator == "=")
        return bool(re.fullmatch(self.value, value)) == (self.operator == "=~")


def parse_matcher(text: str) -> Matcher:
    """Read a matcher, like `severity="critical"`; raises ValueError for one without quotes."""
    found = MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f'no matcher like severity="critical": {text}')
    return Matcher(found[1], found[2], json.loads(found[3]))


@dataclass(frozen=True, slots=True)
class Route:
    """A node of the tree; intervals are its own, all else it may have from its parent."""

    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    active: tuple[str, ...]
    muted: tuple[str, ...]
    routes: tuple[Route, ...]

    def ends(self, labels: Labels) -> list[Route]:
        """List the routes at which an alert ends: none if this one does not match it."""
        if not all(matcher.holds(labels) for matcher in self.matchers):
            return []
        found: list[Route] = []
        for child in self.routes:
            ends = child.ends(labels)
            found += ends
            if ends and not child.goes_on:
                break
        return found or [self]

    def walk(self) -> Iterator[Route]:
        """Yield it and all below it."""
        yield self
        for child in self.routes:
            yield from child.walk()


def _route(node: Mapping[str, Any], receiver: str = "") -> Route:
    own = node.get("receiver", receiver)
    return Route(
        receiver=own,
        matchers=tuple(map(parse_matcher, node.get("matchers", ()))),
        goes_on=node.get("continue", False),
        active=tuple(node.get("active_time_intervals", ())),
        muted=tuple(node.get("mute_time_intervals", ())),
        routes=tuple(_route(child, own) for child in node.get("routes", ())),
    )


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Which alerts mute which, when the labels named are the same on both."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def mutes(self, source: Labels, target: Labels) -> bool:
        """Tell whether one alert mutes another one.

        Of alerts that match both sides none mutes another, as Alertmanager has it.
        """
        if not (_all(self.source, source) and _all(self.target, target)):
            return False
        if _all(self.target, source) and _all(self.source, target):
            return False
        return all(source.get(name, "") == target.get(name, "") for name in self.equal)


def _all(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.holds(labels) for matcher in matchers)


class Dispatch:
    """The routes, intervals and inhibitions of one configuration."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read a configuration; raises ValueError for what Alertmanager would read otherwise."""
        self.root = _route(document["route"])
        self.receivers = [receiver["name"] for receiver in document["receivers"]]
        self.inhibitions = [
            Inhibition(
                tuple(map(parse_matcher, rule["source_matchers"])),
                tuple(map(parse_matcher, rule["target_matchers"])),
                tuple(rule.get("equal", ())),
            )
            for rule in document.get("inhibit_rules", ())
        ]
        self._intervals: dict[str, list[dict[str, Any]]] = {
            interval["name"]: interval["time_intervals"]
            for interval in document.get("time_intervals", ())
        }
        for route in self.root.walk():
            if unknown := {*route.active, *route.muted} - self._intervals.keys():
                raise ValueError(f"no time interval is called {', '.join(sorted(unknown))}")
            if route.receiver not in self.receivers:
                raise ValueError(f"no receiver is called {route.receiver!r}")

    def receivers_of(self, labels: Labels, moment: datetime | None = None) -> list[str]:
        """Name the receivers that are told of an alert at a moment, or at any without one."""
        return [
            route.receiver
            for route in self.root.ends(labels)
            if moment is None or self.tells_at(route, moment)
        ]

    def falls_through(self, labels: Labels) -> bool:
        """Tell whether no branch wants an alert."""
        return self.root in self.root.ends(labels)

    def tells_at(self, route: Route, moment: datetime) -> bool:
        """Tell whether a route sends at a moment."""
        active = not route.active or any(self._in(name, moment) for name in route.active)
        return active and not any(self._in(name, moment) for name in route.muted)

    def _in(self, name: str, moment: datetime) -> bool:
        return any(contains(entry, moment) for entry in self._intervals[name])
