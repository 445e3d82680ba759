"""Drawings of a measurement: every round a dot, the median of each variant a line."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from loadtests.reports.charts import drawing, label, legend
from slo.pages import COLOURS, figure_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from loadtests.bench.report import BenchResult
    from loadtests.bench.rounds import Sample
    from loadtests.bench.trend import Trend

    # Values of all rounds, by what they are of, by variant.
    Dots = Mapping[str, Mapping[str, Sequence[float]]]

LATENCIES = ("p50", "p95", "p99")
# The dots of one variant stand within so much of the space between two.
SPREAD = 0.6
# More names than these do not fit beside each other.
MOST_UPRIGHT = 4


def drawings(result: BenchResult) -> list[tuple[str, Markup]]:
    """Draw everything that there is to draw, each with its title."""
    found = [(trend.sentence, trend_svg(trend)) for trend in result.trends]
    if result.samples:
        by = _by_variant(result)
        found += [
            ("CPU a request", _dots_svg(_cpu(by), "µs of CPU")),
            ("Throughput", _dots_svg(_of(by, ("rate",)), "requests/s")),
            ("Latency", _dots_svg(_of(by, LATENCIES), "ms", log=True)),
        ]
    return found


def trend_svg(trend: Trend) -> Markup:
    """Draw a cost by size, and the line through its medians."""
    slope, intercept = trend.fit()
    sizes = [size for size, _ in trend.points]
    with drawing() as (figure, axes):
        for size, costs in trend.points:
            axes.plot([size] * len(costs), costs, "o", color=COLOURS[0], alpha=0.5, markersize=4)
        ends = [min(sizes), max(sizes)]
        heights = [slope * trend.place(size) + intercept for size in ends]
        axes.plot(ends, heights, "--", color=COLOURS[1], label="least squares")
        if trend.tenfolds:
            axes.set_xscale("log")
            _plain(axes.xaxis)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(trend.unit)
        axes.set_xlabel(trend.over)
        legend(axes)
        return figure_svg(figure)


def _by_variant(result: BenchResult) -> dict[str, list[Sample]]:
    found = {name: [s for s in result.samples if s.variant == name] for name in result.variants}
    return {name: samples for name, samples in found.items() if samples}


def _cpu(by: Mapping[str, Sequence[Sample]]) -> Dots:
    found = {"itself": {name: [s.cpu for s in samples] for name, samples in by.items()}}
    for behind in next(iter(by.values()))[0].behind:
        found[behind] = {name: [s.behind[behind] for s in samples] for name, samples in by.items()}
    return found


def _of(by: Mapping[str, Sequence[Sample]], names: Sequence[str]) -> Dots:
    return {
        name: {variant: [getattr(s, name) for s in samples] for variant, samples in by.items()}
        for name in names
    }


def _dots_svg(dots: Dots, unit: str, *, log: bool = False) -> Markup:
    with drawing() as (figure, axes):
        for number, (name, by_variant) in enumerate(dots.items()):
            _draw(axes, list(by_variant.values()), label(name), number, len(dots))
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            _plain(axes.yaxis)
        else:
            axes.set_ylim(bottom=0)
        axes.set_ylabel(unit)
        variants = [label(variant) for variant in next(iter(dots.values()))]
        crowded = len(variants) > MOST_UPRIGHT
        axes.set_xticks(
            range(len(variants)),
            variants,
            rotation=20 if crowded else 0,
            ha="right" if crowded else "center",
        )
        if len(dots) > 1:
            legend(axes)
        return figure_svg(figure)


def _plain(axis: Axis) -> None:
    """Write the numbers of a logarithmic axis without exponents, which drawings do not typeset."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def _draw(
    axes: Axes, by_variant: Sequence[Sequence[float]], name: str, number: int, of: int
) -> None:
    """Draw what is of one kind, beside the other kinds of the same variant."""
    width = SPREAD / of
    colour = COLOURS[number % len(COLOURS)]
    for place, values in enumerate(by_variant):
        left = place - SPREAD / 2 + number * width
        steps = [left + width * (0.5 + n) / len(values) for n in range(len(values))]
        axes.plot(steps, values, "o", color=colour, alpha=0.5, markersize=4)
        known = name if place == 0 else "_"
        axes.hlines(median(values), left, left + width, color=colour, linewidth=2, label=known)
