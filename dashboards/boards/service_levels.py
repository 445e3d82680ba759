"""Each service level: what is promised, what is kept, and how fast the budget burns."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from alerts.burn_rate import alert_rules
from alerts.registry import slo_panel
from alerts.signal import Dashboard, Unit
from alerts.slo_rules import alert_windows, recorded_ratio
from app.telemetry.catalog import JOB, SLO_OBJECTIVE
from dashboards.links import logs, runbook, traces
from dashboards.model import Board, Kind, Panel, Query, Row, State, Threshold, Thresholds
from dashboards.queries import pick, total
from slo import conventions
from slo.indicators import decimal
from slo.model import Severity
from slo.objectives import OBJECTIVES
from slo.promql import Matcher, duration, labels

if TYPE_CHECKING:
    from slo.model import Slo

PLAIN = Thresholds()
# What the error-budget policy asks from each share of the budget on.
POLICY = Thresholds(
    "red",  # frozen
    (
        Threshold(0.1, "orange"),  # only reliability, security and rollbacks
        Threshold(0.25, "yellow"),  # caution
        Threshold(0.5, "green"),  # normal
    ),
)
# What is gone within three days wants somebody now, within a week soon.
LASTING = Thresholds("red", (Threshold(3 * 86_400.0, "orange"), Threshold(7 * 86_400.0, "green")))
# By the burn of the last hour: shorter ones jump, longer ones lag.
PACE = timedelta(hours=1)
COLORS = {Severity.TICKET: "orange", Severity.PAGE: "red"}
# Less than this is a clock's error, and no division by 0.
LEAST_BURN = 1e-9


def slo_row(slo: Slo) -> Row:
    """Show one service level: where it stands, how fast it burns, and who has been told."""
    return Row(
        f"{slo.title}: {slo.description}",
        (*_numbers(slo), _error_ratio(slo), _burn_rates(slo), _alerts(slo)),
    )


def _numbers(slo: Slo) -> tuple[Panel, ...]:
    days = slo.length.days
    objective = float(slo.objective)
    told = total(pick(SLO_OBJECTIVE, Matcher("slo", "=", slo.id)), how="max")
    kept = Thresholds("red", (Threshold(objective, "green"),))
    return (
        _number(
            slo,
            "objective",
            f"The share of good events that is promised over {days} days, as recorded and as the "
            "API itself tells.",
            Unit.SHARE,
            Query(_recorded(slo, conventions.OBJECTIVE), "Recorded", instant=True),
            Query(told, "Told by the API", instant=True),
        ),
        _number(
            slo,
            "compliance",
            f"The share of events of the last {days} days that were good.",
            Unit.SHARE,
            Query(f"1 - {recorded_ratio(slo, slo.length)}", "Compliance", instant=True),
            thresholds=kept,
        ),
        _number(
            slo,
            "budget left",
            "What is left of the error budget; below 0 the objective is broken. From 50 % down "
            "caution, from 25 % only reliability work, below 10 % frozen.",
            Unit.SHARE,
            Query(_recorded(slo, conventions.BUDGET_REMAINING), "Budget left", instant=True),
            thresholds=POLICY,
        ),
        _number(
            slo,
            "time to exhaustion",
            f"How long the budget lasts if it burns on as in the last hour. {days} days mean as "
            "long or longer; 0 means that nothing is left.",
            Unit.SECONDS,
            Query(_exhaustion(slo), "Time to exhaustion", instant=True),
            thresholds=LASTING,
        ),
    )


def _exhaustion(slo: Slo) -> str:
    # What comes from a ratio carries its window, here those of the period and of the pace.
    whole = f"sum without ({conventions.WINDOW})"
    left = f"clamp_min({whole} ({_recorded(slo, conventions.BUDGET_REMAINING)}), 0)"
    seconds = int(slo.length.total_seconds())
    ratio = f"{whole} ({recorded_ratio(slo, PACE)})"
    pace = f"clamp_min({ratio} / {decimal(slo.budget)}, {LEAST_BURN:.0e})"
    return f"clamp_max({left} * {seconds} / {pace}, {seconds})"


def _recorded(slo: Slo, name: str) -> str:
    return name + labels(conventions.identity(slo))


def _number(
    slo: Slo,
    what: str,
    description: str,
    unit: Unit,
    *queries: Query,
    thresholds: Thresholds = PLAIN,
) -> Panel:
    return Panel(
        key=f"slo:{slo.id}:{what.replace(' ', '_')}",
        title=f"{slo.title}: {what}",
        description=description,
        kind=Kind.STAT,
        unit=unit,
        queries=queries,
        width=6,
        height=5,
        thresholds=thresholds,
        decimals=3 if unit is Unit.SHARE else None,
    )


def _error_ratio(slo: Slo) -> Panel:
    """Draw what the alerts of an SLO compare, window by window, with their limits."""
    names = dict.fromkeys(rule.alert for rule in alert_rules(slo))
    panel = Panel(
        key=f"slo:{slo.id}:error_ratio",
        title=f"{slo.title}: error ratio",
        description="The share of bad events in each window that an alert reads. Lines are where "
        f"its burn pages (red) or asks for a ticket (orange). Alerts: {', '.join(names)}.",
        kind=Kind.TIME_SERIES,
        unit=Unit.SHARE,
        queries=tuple(
            Query(recorded_ratio(slo, window), duration(window)) for window in alert_windows(slo)
        ),
        width=8,
        thresholds=_limits(slo, slo.budget),
        low=0.0,
        nothing="No events",
        links=(*map(runbook, names), logs(), traces()),
    )
    assert panel.id == slo_panel(slo)  # noqa: S101  # alerts lead to this number
    return panel


def _burn_rates(slo: Slo) -> Panel:
    return Panel(
        key=f"slo:{slo.id}:burn_rates",
        title=f"{slo.title}: burn rate",
        description="How many times faster than planned each window spends the budget: at 1 it "
        f"lasts exactly {slo.length.days} days. Lines are the rates of the alerts.",
        kind=Kind.TIME_SERIES,
        unit=Unit.NUMBER,
        queries=tuple(
            Query(f"{recorded_ratio(slo, window)} / {decimal(slo.budget)}", duration(window))
            for window in alert_windows(slo)
        ),
        width=8,
        thresholds=_limits(slo, Fraction(1)),
        low=0.0,
        nothing="No events",
    )


def _limits(slo: Slo, by: Fraction) -> Thresholds:
    """Return where the pairs of windows alert, in burn rates times `by`."""
    limits = {float(p.factor(slo.length) * by): COLORS[p.severity] for p in slo.burn_windows}
    return Thresholds(steps=tuple(Threshold(value, limits[value]) for value in sorted(limits)))


def _alerts(slo: Slo) -> Panel:
    firing = f'ALERTS{{alertstate="firing",{conventions.SLO}="{slo.id}"}}'
    return Panel(
        key=f"slo:{slo.id}:alerts",
        title=f"{slo.title}: firing alerts",
        description="Which alerts of this objective fired when; empty while none did.",
        kind=Kind.STATE_TIMELINE,
        unit=Unit.NUMBER,
        queries=(Query(f"max by (alertname, severity) ({firing})", "{{alertname}} {{severity}}"),),
        width=8,
        states=(State(1, "firing", "red"),),
        nothing="No alert fires",
    )


def _at_a_glance() -> Panel:
    by = f"max by ({conventions.SLO})"
    lengths = sorted({slo.length for slo in OBJECTIVES})
    bad = " or ".join(conventions.error_ratio(length) for length in lengths)
    return Panel(
        key="slo:all",
        title="All objectives",
        description="Each objective, the share of good events of its period, what is left of its "
        "error budget, and how many times faster than planned the last five minutes spent it.",
        kind=Kind.TABLE,
        unit=Unit.SHARE,
        queries=(
            Query(f"{by} ({conventions.OBJECTIVE})", "Objective", instant=True),
            Query(f"1 - {by} ({bad})", "Compliance", instant=True),
            Query(
                f"{by} ({conventions.BUDGET_REMAINING})",
                "Budget left",
                instant=True,
                thresholds=POLICY,
            ),
            Query(
                f"{by} ({conventions.CURRENT_BURN_RATE})",
                "Burn rate",
                instant=True,
                unit=Unit.NUMBER,
            ),
        ),
        width=14,
        decimals=3,
        columns=((conventions.SLO, "SLO"),),
    )


FIRING = Panel(
    key="slo:alerts",
    title="Alerts of all objectives",
    description="What is pending and what fires, as Prometheus says.",
    kind=Kind.ALERT_LIST,
    width=10,
    content=f'{{{conventions.SERVICE}="petswipe"}}',
)

BOARD = Board(
    Dashboard.SLO,
    "SLO",
    "What is promised, what is kept, and how fast the error budgets burn. "
    "Generated from dashboards/boards/service_levels.py.",
    (JOB,),
    (Row("Now", (_at_a_glance(), FIRING)), *(slo_row(slo) for slo in OBJECTIVES)),
)
