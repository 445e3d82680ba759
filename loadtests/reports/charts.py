"""Charts as SVG text that stands in a page without anything from outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from app.telemetry.catalog import ROUTE, STATUS
from slo.pages import COLOURS, STYLE, figure_svg

if TYPE_CHECKING:
    from markupsafe import Markup

    from loadtests.measurement import Chart
    from slo.prometheus import Series

SIZE_INCHES = (7.6, 2.5)
LEGEND_LABELS = (ROUTE.name, STATUS.name, "quantile")


def chart_svg(chart: Chart, limit: float | None = None) -> Markup:
    """Draw a chart that has series.

    `limit` is a threshold in the chart's unit, drawn as a dashed line.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot()
        for number, series in enumerate(sorted(chart.series, key=_name)):
            times = [float(date2num(datetime.fromtimestamp(at, UTC))) for at, _ in series.points]
            values = [value for _, value in series.points]
            axes.plot(times, values, color=COLOURS[number % len(COLOURS)], label=_name(series))
        if limit is not None:
            axes.axhline(limit, color="#b00020", linestyle="--", linewidth=1, label="objective")
        axes.set_ylabel(chart.unit)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(AutoDateLocator(tz=UTC))
        axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S", tz=UTC))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return figure_svg(figure)


def _name(series: Series) -> str:
    return next((series.labels[name] for name in LEGEND_LABELS if name in series.labels), "all")
