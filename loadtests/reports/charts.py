"""Charts as SVG text that stands in a page without anything from outside."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from app.telemetry.catalog import ROUTE, STATUS

if TYPE_CHECKING:
    from loadtests.measurement import Chart
    from slo.prometheus import Series

# Okabe and Ito's palette: told apart by people who see fewer colours.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9")
SIZE_INCHES = (7.6, 2.5)
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and a tenth of the bytes
    "svg.hashsalt": "petswipe",  # the same data gives the same bytes
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
LEGEND_LABELS = (ROUTE.name, STATUS.name, "quantile")


def chart_svg(chart: Chart, limit: float | None = None) -> str:
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
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _name(series: Series) -> str:
    return next((series.labels[name] for name in LEGEND_LABELS if name in series.labels), "all")
