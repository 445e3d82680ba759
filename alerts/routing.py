"""Who is told of an alert, when, how often, and which alerts another one explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts import places
from alerts.burn_rate import inhibit_rules as burn_inhibit_rules
from slo.objectives import NOTIFICATION_FRESHNESS

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKING_HOURS, HOLIDAYS = "working-hours", "holidays"
# One message for what is wrong with one job or one objective, however many instances show it.
GROUP_BY = ["alertname", "job", "sloth_id"]

Document = dict[str, object]


def route() -> Document:
    """Return the tree of routes; the first branch that matches takes the alert.

    What no branch wants goes to `unrouted`, which is a finding of the check `routes/proof`.
    """
    return {
        "receiver": "unrouted",
        "group_by": GROUP_BY,
        # An alert that explains another one has two rounds of evaluation to arrive first.
        "group_wait": "30s",
        # What joins an incident is told once in five minutes, not one by one.
        "group_interval": "5m",
        # Twice a working day, for whoever comes later.
        "repeat_interval": "4h",
        "routes": [_heartbeat(), _pager(), _tickets(), _mail(), _chat(), *_of_other_teams()],
    }


def _held() -> Document:
    """Hold messages back until somebody works; a branch does not have it from the one above."""
    return {"active_time_intervals": [WORKING_HOURS], "mute_time_intervals": [HOLIDAYS]}


def _heartbeat() -> Document:
    return {
        "receiver": "heartbeat",
        "matchers": ['channel="heartbeat"'],
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": "1m",
        # Below the interval, so that each flush sends: at just 1m every second one would be early.
        "repeat_interval": "50s",
    }


def _pager() -> Document:
    return {
        "receiver": "pager",
        # By severity alone: no mistake in another label keeps a critical alert from the pager.
        "matchers": ['severity="critical"'],
        # Reopens an incident that was closed by hand while the alert goes on.
        "repeat_interval": "1h",
    }


def _tickets() -> Document:
    return {
        "receiver": "ticket",
        "matchers": ['channel="ticket"'],
        # Causes join one ticket; nobody waits for it.
        "group_wait": "2m",
        "group_interval": "30m",
        # The ticket stays open; a reminder a day is enough.
        "repeat_interval": "1d",
        **_held(),
        "routes": [{"receiver": "ticket-dba", "matchers": ['team="dba"'], **_held()}],
    }


def _mail() -> Document:
    return {
        "receiver": "mail",
        "matchers": ['channel="mail"'],
        # A mailbox has no use for more than one message a day about the same.
        "group_interval": "30m",
        "repeat_interval": "1d",
        "routes": [
            # That no mail arrives must not be told by mail.
            {"receiver": "chat", "matchers": ['integration="email"']},
            {
                "receiver": "mail-finance",
                "matchers": ['team="finance"'],
                # What costs money changes by the month.
                "repeat_interval": "7d",
                **_held(),
            },
        ],
    }


def _chat() -> Document:
    return {
        "receiver": "chat",
        "matchers": ['channel="chat"'],
        # A channel is read when there is time: twice a day again, new instances in ten minutes.
        "group_interval": "10m",
        "repeat_interval": "12h",
        "routes": [{"receiver": "chat", "matchers": ['severity="info"'], **_held()}],
    }


def _of_other_teams() -> list[Document]:
    """Route alerts that name no channel by severity, as those of any team's specs do."""
    return [
        {
            "receiver": receiver,
            "matchers": ['channel=""', f'severity="{severity}"'],
            # As a ticket of ours; nobody has said that it cannot wait.
            "group_interval": "30m",
            "repeat_interval": "1d",
            **_held(),
        }
        for severity, receiver in (("warning", "ticket"), ("info", "chat"))
    ]


def time_intervals() -> list[Document]:
    """Return when tickets, information and costs are told of, by the clock of the team."""
    begin, end = places.WORKING_HOURS
    working = {
        "weekdays": [places.WORKING_DAYS],
        "times": [{"start_time": begin, "end_time": end}],
        "location": places.TIME_ZONE,
    }
    days = [day.split() for day in places.HOLIDAYS]
    free = [
        {"months": [month], "days_of_month": [number], "location": places.TIME_ZONE}
        for month, number in days
    ]
    return [
        {"name": WORKING_HOURS, "time_intervals": [working]},
        {"name": HOLIDAYS, "time_intervals": free},
    ]


# An alert, those that it explains, and the labels that both have and that must be the same.
# There is one database and one cache, seen by the service and by their own exporter, and one
# budget: no label is shared. What has no data while another alert fires needs no muting by it.
# No alert mutes a graver one, and no cause a critical symptom: the check shows both.
EXPLAINED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "DatabaseDown",
        (
            "DatabaseConnectionFailures",
            "DatabasePoolBusy",
            "DatabasePoolTimeouts",
            "SlowQueries",
            "SwipesShed",
        ),
        (),
    ),
    (
        "DatabaseConnectionFailures",
        ("DatabasePoolBusy", "DatabasePoolTimeouts", "SlowQueries", "SwipesShed"),
        ("job",),
    ),
    ("DatabasePoolTimeouts", ("DatabasePoolBusy",), ("job",)),
    ("CacheDown", ("CacheErrors", "CacheHitRatioLow", "CacheHitRatioVeryLow"), ()),
    ("CacheHitRatioVeryLow", ("CacheHitRatioLow",), ("job",)),
    ("ApiAbsent", ("ScrapeFailing",), ("job",)),
    ("DispatcherAbsent", ("ScrapeFailing",), ("job",)),
    ("DispatcherAbsent", ("NotificationFreshnessNoData",), ()),
    ("EventLoopStuck", ("EventLoopBlocked",), ("job", "instance")),
    ("CpuSaturated", ("CpuHigh",), ("job", "instance")),
    ("HighErrorRate", ("ErrorsPresent",), ("job",)),
    ("HighLatencyP99", ("HighLatencyP95",), ("job",)),
    ("QueueStalled", ("QueueDepthHigh",), ("job",)),
    ("BudgetSpent", ("BudgetNearlySpent",), ()),
)
# Nothing counts the requests of this service's objectives while it is gone; dispatchers go on.
SILENT: Mapping[str, object] = {
    "source_matchers": ['alertname="ApiAbsent"'],
    "target_matchers": [
        'slo_severity="no_data"',
        'sloth_service="petswipe"',
        f'sloth_slo!="{NOTIFICATION_FRESHNESS.id}"',
    ],
}


def inhibit_rules(group_labels: tuple[str, ...] = ()) -> list[Mapping[str, object]]:
    """Return what mutes what: burns of one objective, and causes that explain other alerts."""
    causes = [
        {
            "source_matchers": [f'alertname="{source}"'],
            "target_matchers": [f'alertname=~"{"|".join(targets)}"'],
            **({"equal": list(equal)} if equal else {}),
        }
        for source, targets, equal in EXPLAINED
    ]
    return [*burn_inhibit_rules(group_labels), SILENT, *causes]
