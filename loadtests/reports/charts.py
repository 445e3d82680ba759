"""What Prometheus saw over the time of the load, as SVG text that stands in a page."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from app.telemetry.catalog import ROUTE, STATUS
from loadtests.reports.words import plain
from slo.pages import COLOURS, STYLE, figure_svg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup
    from matplotlib.axes import Axes

    from loadtests.measurement import Chart
    from slo.prometheus import Series

SIZE_INCHES = (7.6, 2.5)
LIMIT_COLOUR = "#b00020"
# What is longer leaves no room for the drawing.
MOST_LETTERS = 40
LEGEND_LABELS = (ROUTE.name, STATUS.name, "quantile")


@contextmanager
def drawing() -> Iterator[tuple[Figure, Axes]]:
    """Give axes to draw on; the figure is written before the end, while its style holds."""
    # A name with a $ in it is no formula.
    with mpl.rc_context(STYLE | {"text.parse_math": False}):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        yield figure, figure.add_subplot()


def label(text: str) -> str:
    """Write the begin of a text with letters that the fonts of drawings have."""
    short = plain(text).encode("ascii", "backslashreplace").decode()
    if len(short) > MOST_LETTERS:
        short = f"{short[:MOST_LETTERS]}..."
    # A label that begins with _ is left out of legends.
    return f" {short}" if short.startswith("_") else short


def legend(axes: Axes) -> None:
    """Put the legend beside the drawing."""
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def chart_svg(chart: Chart, limit: float | None = None) -> Markup:
    """Draw a chart that has series.

    `limit` is a threshold in the chart's unit, drawn as a dashed line.
    """
    with drawing() as (figure, axes):
        for number, series in enumerate(sorted(chart.series, key=_name)):
            times = [float(date2num(datetime.fromtimestamp(at, UTC))) for at, _ in series.points]
            values = [value for _, value in series.points]
            axes.plot(times, values, color=COLOURS[number % len(COLOURS)], label=_name(series))
        if limit is not None:
            axes.axhline(limit, color=LIMIT_COLOUR, linestyle="--", linewidth=1, label="objective")
        axes.set_ylabel(label(chart.unit))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(AutoDateLocator(tz=UTC))
        axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S", tz=UTC))
        legend(axes)
        return figure_svg(figure)


def _name(series: Series) -> str:
    name = next((series.labels[name] for name in LEGEND_LABELS if name in series.labels), "all")
    return label(name)
