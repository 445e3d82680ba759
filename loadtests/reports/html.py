"""The report as one HTML page that needs nothing from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from loadtests.reports.charts import chart_svg
from loadtests.reports.rows import ORDER, checks, number, summary
from slo.indicators import LatencySli
from slo.pages import page_environment

if TYPE_CHECKING:
    from loadtests.measurement import Chart
    from loadtests.result import RunResult

MILLISECONDS = 1000


def html_report(result: RunResult) -> str:
    """Render the page; everything that is not ours is escaped."""
    environment = page_environment("loadtests.reports")
    environment.filters["number"] = number
    return environment.get_template("report.html.j2").render(
        result=result,
        decision=result.decision,
        summary=summary(result),
        slos=sorted(result.slos, key=lambda slo: ORDER.index(slo.verdict)),
        checks=checks(result),
        charts=[(c, _svg(c, result)) for c in result.charts],
        generator=[] if result.load is None else result.load.operations.values(),
    )


def _svg(chart: Chart, result: RunResult) -> Markup:
    """Draw a chart; one without series is nothing to look at."""
    if not chart.series:
        return Markup()
    return chart_svg(chart, _limit(chart, result))


def _limit(chart: Chart, result: RunResult) -> float | None:
    """Return the threshold of the latency objective whose operation the chart shows."""
    for slo in result.slos:
        sli = slo.slo.sli
        if isinstance(sli, LatencySli) and chart.unit == "ms":
            route = next(m.value for m in sli.matchers if m.label == "http_route")
            if chart.title.endswith(f" {route}"):
                return float(sli.threshold * MILLISECONDS)
    return None
