"""The report as one HTML page that needs nothing from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from app.telemetry.catalog import ROUTE
from loadtests.judging.combine import worst_first
from loadtests.judging.model import Status
from loadtests.load import ALL, UNANSWERED
from loadtests.reports import words
from loadtests.reports.charts import chart_svg
from loadtests.reports.quantiles import SHARES, quantiles
from loadtests.reports.rows import attempts, row, summary
from loadtests.reports.step_charts import lag_svg, latency_svg, rate_svg
from loadtests.rules.measures import Quantile, Under
from slo.indicators import LatencySli
from slo.pages import page_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judging.model import Ruling
    from loadtests.load import Answers, Load
    from loadtests.measurement import Chart, Measured
    from loadtests.plan import LoadPlan
    from loadtests.result import Attempt, RunResult

MILLISECONDS = 1000
# The colours of the page for each status.
COLOURS = {
    Status.FAILED: "block",
    Status.UNDECIDED: "undecided",
    Status.WARNED: "undecided",
    Status.PASSED: "met",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """An attempt with its drawings."""

    name: str
    attempt: Attempt
    drawings: list[tuple[str, Markup]]
    charts: list[tuple[Chart, Markup]]


def html_report(result: RunResult) -> str:
    """Render the page; everything that is not ours is escaped."""
    environment = page_environment("loadtests.reports")
    environment.filters |= {
        "number": _number,
        "n": words.count,
        "seconds": words.seconds,
        "answers": _statuses,
        "times": lambda answers: quantiles(answers.latencies()).values(),
        "lag": lambda histogram: quantiles(histogram.counts()).values(),
    }
    page = environment.get_template("report.html.j2").render(
        title=result.plan.title,
        decision=result.decision,
        notes=result.plan.notes,
        summary=summary(result),
        rulings=_rows(result.rulings),
        rows=_rows,
        shown=[_shown(name, attempt, result) for name, attempt in reversed(attempts(result))],
        quantiles=tuple(SHARES),
        all=ALL,
    )
    return words.visible(page)


def _rows(rulings: Sequence[Ruling]) -> list[tuple[object, str]]:
    return [(row(ruling), COLOURS[ruling.status]) for ruling in worst_first(rulings)]


def _shown(name: str, attempt: Attempt, result: RunResult) -> _Shown:
    load, rulings = attempt.load, attempt.rulings or result.rulings
    drawings = [] if load is None else _drawings(result.plan.load.plan, load, rulings)
    charts = [(chart, _chart(chart, attempt)) for chart in attempt.charts]
    return _Shown(name, attempt, drawings, charts)


def _drawings(plan: LoadPlan, load: Load, rulings: Sequence[Ruling]) -> list[tuple[str, Markup]]:
    measures = [ruling.rule.measure for ruling in rulings]
    limited = {m.operation for m in measures if isinstance(m, Quantile | Under)}
    drawn = [("Rate by step, planned and achieved", rate_svg(plan, load))]
    drawn += [
        (f"Latency of {operation} by step", latency_svg(load, operation, rulings))
        for operation in sorted(limited or {ALL})
    ]
    drawn.append(("How late the generator itself was", lag_svg(load)))
    return drawn


def _chart(chart: Chart, attempt: Attempt) -> Markup:
    """Draw a chart; one without series is nothing to look at."""
    return chart_svg(chart, _limit(chart, attempt)) if chart.series else Markup()


def _limit(chart: Chart, attempt: Attempt) -> float | None:
    """Return the threshold of the latency objective whose operation the chart shows."""
    for result in attempt.slos:
        sli = result.slo.sli
        if isinstance(sli, LatencySli) and chart.unit == "ms":
            # News that are delivered are no requests and have no route.
            routes = [m.value for m in sli.matchers if m.label == ROUTE.name]
            if any(chart.title.endswith(f" {route}") for route in routes):
                return float(sli.threshold * MILLISECONDS)
    return None


def _number(measured: Measured, scale: float = 1, digits: int = 0) -> str:
    """Write a measured number, or a dash when there is none."""
    return words.DASH if measured.value is None else f"{measured.value * scale:,.{digits}f}"


def _statuses(answers: Answers) -> str:
    """Write the answers by status."""
    return ", ".join(
        f"{'no answer' if status == UNANSWERED else status}: {count:,}"
        for status, count in sorted(answers.statuses.items())
        if count
    )
