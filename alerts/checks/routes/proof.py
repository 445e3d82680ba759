"""routes/proof: every alert reaches somebody, and a critical one the pager at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from alerts.reading.told import CONFIG, MOMENTS, UNREADABLE, WORKING_HOURS, alerts_of, read_dispatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.dispatch import Dispatch, Matcher
    from alerts.reading.loaded import Loaded
    from alerts.reading.told import Alert

ID = "routes/proof"
PAGER = "pager"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert that is not told as it must be, and one a route of no use."""
    folder, alerts = loaded.folder, alerts_of(loaded)
    try:
        dispatch = read_dispatch(folder)
    except UNREADABLE as error:
        yield Problem(ID, str(folder / CONFIG), f"not to be read: {' '.join(str(error).split())}")
        return
    if not alerts:
        yield Problem(ID, str(folder), "no alert in any *.rules.yml: nothing was proven")
        return
    for alert in alerts:
        for message in _untold(dispatch, alert):
            yield Problem(ID, alert.where, f"{alert.name}: {message}", alert.name)
    for message in (*_unused(dispatch, alerts), *_unmatched(dispatch, alerts)):
        yield Problem(ID, str(folder / CONFIG), message)


def _untold(dispatch: Dispatch, alert: Alert) -> Iterator[str]:
    if dispatch.falls_through(alert.labels):
        yield "no route wants it: give it a channel, or a severity that alerts/routing.py knows"
        return
    if not dispatch.receivers_of(alert.labels, WORKING_HOURS):
        yield "nobody is told of it even in working hours"
    critical = alert.labels.get("severity") == "critical"
    for words, moment in MOMENTS.items():
        told = PAGER in dispatch.receivers_of(alert.labels, moment)
        if critical and not told:
            yield f"it is critical and does not reach the pager {words}"
        if told and not critical:
            yield f"it is not critical and reaches the pager {words}"


def _unused(dispatch: Dispatch, alerts: Sequence[Alert]) -> Iterator[str]:
    # The root's own receiver takes what must not be: it is told of no alert, by design.
    used = {name for alert in alerts for name in dispatch.receivers_of(alert.labels)}
    for name in dispatch.receivers:
        if name not in used and name != dispatch.root.receiver:
            yield f"receiver {name} is told of no alert: remove it, or route something to it"


def _unmatched(dispatch: Dispatch, alerts: Sequence[Alert]) -> Iterator[str]:
    matchers = {matcher for route in dispatch.root.walk() for matcher in route.matchers}
    for matcher in sorted(matchers, key=str):
        if not any(matcher.label in alert.names for alert in alerts):
            yield f"a route asks for the label {matcher.label}, which no alert has"
        # That a label is missing is asked for alerts of other teams' rules.
        elif matcher.value and not any(_may_hold(matcher, alert) for alert in alerts):
            yield f"no alert has {matcher.label}{matcher.operator}{matcher.value}"


def _may_hold(matcher: Matcher, alert: Alert) -> bool:
    """Say whether an alert meets a matcher, or has the label with any value when it fires."""
    open_ = matcher.label in alert.names and matcher.label not in alert.labels
    return open_ or matcher.holds(alert.labels)
