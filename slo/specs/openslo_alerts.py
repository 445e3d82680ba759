"""Alert policies of OpenSLO v1, as windows of burn rates.

A condition `{threshold, lookbackWindow, alertAfter}` becomes a pair of windows: the long one is
`lookbackWindow`, the short one `alertAfter`, or a twelfth of the long one where that is 0m. Both
must burn, so a burn that has ended alerts nobody. Severities are page (or critical) and ticket (or
warning). Names of notification targets become the label `notification_target` of the alert, as the
specification proposes. An SLO without policies has the windows of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.model import Alerting, BurnWindow, Severity
from slo.specs.durations import shorthand
from slo.specs.openslo_objects import description, read_thing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.specs.locate import Place
    from slo.specs.openslo_objects import Library, Thing

SEVERITIES = {
    "page": Severity.PAGE,
    "critical": Severity.PAGE,
    "ticket": Severity.TICKET,
    "warning": Severity.TICKET,
}
TARGET_LABEL = "notification_target"
SHARE_OF_LONG = 12
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """A burn rate that somebody wants to hear of."""

    place: Place
    severity: Severity
    threshold: Fraction
    long: timedelta
    short: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """The condition of a policy, and who hears of it."""

    condition: Condition
    targets: tuple[str, ...]
    wanted: bool


def read_policies(places: Sequence[Place], library: Library) -> list[Policy]:
    """Read the policies of an SLO, by name or within it."""
    found = [_followed(place, "alertPolicyRef", "AlertPolicy", library) for place in places]
    policies = [read_policy(thing, library) for thing in found if thing]
    return [policy for policy in policies if policy]


def read_policy(thing: Thing, library: Library) -> Policy | None:
    """Read one policy."""
    flags = ("alertWhenBreaching", "alertWhenResolved", "alertWhenNoData")
    known = f"description {' '.join(flags)}"
    given = thing.spec.fields(known, "conditions notificationTargets")
    description(given)
    said = {name: given[name].flag() for name in flags if name in given}
    if said.get("alertWhenResolved"):
        given["alertWhenResolved"].note("Alertmanager tells what is resolved, by send_resolved")
    if said.get("alertWhenNoData") is False:
        given["alertWhenNoData"].note("an SLO without data is alerted all the same")
    conditions = given["conditions"].items() if "conditions" in given else []
    if "conditions" in given and len(conditions) != 1:
        given["conditions"].wrong(f"there are {len(conditions)} conditions; OpenSLO allows one")
    found = [_followed(place, "conditionRef", "AlertCondition", library) for place in conditions]
    read = [read_condition(each) for each in found if each]
    targets = given["notificationTargets"].items() if "notificationTargets" in given else []
    kind = "AlertNotificationTarget"
    reached = [_followed(place, "targetRef", kind, library) for place in targets]
    for each in reached:
        if each:
            read_target(each)
    if not read or read[0] is None:
        return None
    names = tuple(each.name for each in reached if each)
    return Policy(read[0], names, wanted=said.get("alertWhenBreaching", True) is not False)


def read_condition(thing: Thing) -> Condition | None:
    """Read one condition."""
    spec = thing.spec.fields("description", "severity condition")
    description(spec)
    severity = spec["severity"].choice(tuple(SEVERITIES)) if "severity" in spec else None
    if "condition" not in spec:
        return None
    given = spec["condition"].fields("kind op alertAfter", "threshold lookbackWindow")
    if "kind" in given:
        given["kind"].choice(("burnrate",))
    if "op" in given:
        given["op"].choice(("gt", "gte"))
    threshold = given["threshold"].number() if "threshold" in given else None
    long = shorthand(given["lookbackWindow"]) if "lookbackWindow" in given else None
    if severity is None or threshold is None or long is None:
        return None
    short = _short(given.get("alertAfter"), long)
    if short is None:
        return None
    if threshold <= 0 or not MINUTE <= short < long:
        spec["condition"].wrong("give a threshold above 0, and alertAfter under lookbackWindow")
        return None
    return Condition(spec["condition"], SEVERITIES[severity], threshold, long, short)


def read_target(thing: Thing) -> None:
    """Check one notification target; its name is all that is used."""
    given = thing.spec.fields("description", "target")
    description(given)
    if "target" in given:
        given["target"].text()


def burn_windows(policies: Sequence[Policy], length: timedelta) -> tuple[BurnWindow, ...]:
    """Return the windows of an SLO whose budget lasts so long."""
    return tuple(
        BurnWindow(each.severity, each.threshold * _share(each.long, length), each.long, each.short)
        for each in (policy.condition for policy in policies if policy.wanted)
    )


def alerting(policies: Sequence[Policy]) -> Alerting:
    """Return which alerts an SLO has, and where they go."""

    def labels(severity: Severity) -> dict[str, str]:
        names = [name for each in wanted[severity] for name in each.targets]
        return {TARGET_LABEL: ",".join(dict.fromkeys(names))} if names else {}

    wanted = {
        severity: [p for p in policies if p.wanted and p.condition.severity is severity]
        for severity in Severity
    }
    return Alerting(
        page=bool(wanted[Severity.PAGE]),
        ticket=bool(wanted[Severity.TICKET]),
        page_labels=labels(Severity.PAGE),
        ticket_labels=labels(Severity.TICKET),
    )


def _share(part: timedelta, whole: timedelta) -> Fraction:
    return Fraction(part // timedelta(seconds=1), whole // timedelta(seconds=1))


def _short(place: Place | None, long: timedelta) -> timedelta | None:
    given = place.text() if place else "0m"
    if place is None or (given is not None and given.strip("0") in "mhd"):
        return max(MINUTE, long // SHARE_OF_LONG // MINUTE * MINUTE)
    return shorthand(place)


def _followed(place: Place, field: str, kind: str, library: Library) -> Thing | None:
    """Read an object that stands here, or follow a reference to it."""
    if place.kind not in ("a list", "a group of fields", "nothing"):
        place.wrong(f"{place.kind} where fields are expected; {field}: {place.text()}")
        return None
    if field in place.mapping():
        given = place.fields("", field)
        return library.find(kind, given[field]) if field in given else None
    return read_thing(place, kind)
