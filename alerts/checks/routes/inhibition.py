"""routes/inhibition: what mutes another alert exists, is as grave, and is told when that would be.

Otherwise a muting rule either never works or hides what nobody is told of.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from alerts.model import AlertSeverity
from alerts.reading.problem import Problem
from alerts.reading.told import CONFIG, MOMENTS, UNREADABLE, alerts_of, read_dispatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alerts.dispatch import Dispatch, Inhibition, Matcher
    from alerts.reading.loaded import Loaded
    from alerts.reading.told import Alert

ID = "routes/inhibition"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a muting rule that cannot work, or that hides too much."""
    folder, alerts = loaded.folder, alerts_of(loaded)
    try:
        dispatch = read_dispatch(folder)
    except UNREADABLE as error:
        yield Problem(ID, str(folder / CONFIG), f"not to be read: {' '.join(str(error).split())}")
        return
    for number, rule in enumerate(dispatch.inhibitions):
        where = f"{folder / CONFIG}: inhibit_rules[{number}]"
        for message in _faults(dispatch, rule, alerts):
            yield Problem(ID, where, message)


def _faults(dispatch: Dispatch, rule: Inhibition, alerts: Sequence[Alert]) -> Iterator[str]:
    sources, targets = _matching(rule.source, alerts), _matching(rule.target, alerts)
    if not sources:
        yield f"no alert is its source: {_written(rule.source)}"
    if not targets:
        yield f"no alert is its target: {_written(rule.target)}"
    pairs = [pair for pair in product(sources, targets) if _can_meet(rule, *pair)]
    if sources and targets and not pairs:
        yield f"no source and target can be equal in {', '.join(rule.equal)}"
    for source, target in pairs:
        yield from _hidden(dispatch, source, target)
        yield from _unequal(rule, source, target)


def _can_meet(rule: Inhibition, source: Alert, target: Alert) -> bool:
    """Tell whether one could mute the other, whatever labels they get when they fire."""
    fixed = [
        (source.labels[name], target.labels[name])
        for name in rule.equal
        if name in source.labels and name in target.labels
    ]
    return source is not target and all(one == other for one, other in fixed)


def _matching(matchers: Iterable[Matcher], alerts: Sequence[Alert]) -> list[Alert]:
    wanted = tuple(matchers)
    return [alert for alert in alerts if all(matcher.holds(alert.labels) for matcher in wanted)]


def _written(matchers: Iterable[Matcher]) -> str:
    return ", ".join(f"{one.label}{one.operator}{one.value}" for one in matchers)


def _unequal(rule: Inhibition, source: Alert, target: Alert) -> Iterator[str]:
    for name in rule.equal:
        if name not in source.names & target.names:
            yield f"{source.name} and {target.name} do not both have the label {name} of its equal"


def _hidden(dispatch: Dispatch, source: Alert, target: Alert) -> Iterator[str]:
    if _gravity(source) < _gravity(target):
        yield f"{source.name} is less grave than {target.name}, which it mutes"
    kinds = source.labels.get("alert_type"), target.labels.get("alert_type")
    if target.labels.get("severity") == "critical" and kinds == ("cause", "symptom"):
        yield f"{source.name} is a cause and mutes {target.name}, a critical symptom"
    for words, moment in MOMENTS.items():
        told = (dispatch.receivers_of(alert.labels, moment) for alert in (source, target))
        if list(map(bool, told)) == [False, True]:
            yield f"{source.name} mutes {target.name}, and nobody is told of either {words}"


def _gravity(alert: Alert) -> int:
    """Rank an alert by its severity, the gravest highest; one without any is the lowest."""
    rising = [*reversed(AlertSeverity)]
    severity = alert.labels.get("severity", "")
    return rising.index(AlertSeverity(severity)) if severity in rising else -1
