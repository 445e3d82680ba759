"""A compliance report as one page that needs nothing from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from slo.pages import COLOURS, STYLE, figure_svg, page_environment
from slo.report import percent
from slo.report_output import as_of, months

if TYPE_CHECKING:
    from markupsafe import Markup

    from slo.compliance import Kept, Report

SIZE_INCHES = (7.6, 1.6)
GREY = "#c8ccd2"


def report_page(report: Report) -> str:
    """Render the page; everything that is not ours is escaped."""
    environment = page_environment("slo")
    environment.filters["percent"] = percent
    return environment.get_template("report.html.j2").render(
        as_of=as_of(report),
        slos=[
            (one, [(kept, budget_svg(kept)) for kept in months(one)], one.spans[0].result.queries)
            for one in report.slos
        ],
        asked=report.asked,
    )


def budget_svg(kept: Kept) -> Markup:
    """Draw the budget spent by day; a grey day is one of which nothing is known."""
    numbers = [day.day.day for day in kept.days]
    positions = range(len(numbers))
    spent = [float(day.spent or 0) * 100 for day in kept.days]
    unknown = [place for place, day in zip(positions, kept.days, strict=True) if day.spent is None]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        axes = figure.add_subplot()
        axes.bar(positions, spent, color=COLOURS[0])
        for place in unknown:
            axes.axvspan(place - 0.5, place + 0.5, color=GREY, linewidth=0)
        axes.set_xticks(positions, map(str, numbers), fontsize=7)
        axes.set_xlim(-0.6, len(numbers) - 0.4)
        axes.set_ylim(0, max(*spent, 1) * 1.05)
        axes.set_ylabel("budget spent, %")
        axes.grid(visible=False, axis="x")
        return figure_svg(figure)
