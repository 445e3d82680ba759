"""What the generator saw step by step, as SVG text: rate, latency, and how late it was itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from loadtests.plan import Closed
from loadtests.reports.charts import LIMIT_COLOUR, drawing, label, legend
from loadtests.reports.quantiles import quantiles
from loadtests.reports.words import fails_at
from loadtests.rules.measures import Quantile, Under
from slo.pages import COLOURS, figure_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from loadtests.judging.model import Ruling
    from loadtests.load import Load, StepLoad
    from loadtests.plan import LoadPlan

MILLISECONDS = 1000
DRAWN = ("p50", "p95", "p99", "p99.9")
# More names than these do not fit beside each other.
MOST_UPRIGHT = 6
# Above the slowest answer by so much stands what was never answered.
NEVER = 3.0


class _Line(NamedTuple):
    """A limit over some steps, in milliseconds."""

    name: str
    at: float
    steps: list[int]


def rate_svg(plan: LoadPlan, load: Load) -> Markup:
    """Draw the planned rate, and above each step what was sent and what was dropped a second."""
    with drawing() as (figure, axes):
        if not isinstance(plan.arrivals, Closed):
            axes.plot(*_planned(plan), color=COLOURS[0], linestyle="--", label="planned")
        _draw_rates(axes, load, "sent", COLOURS[2])
        _draw_rates(axes, load, "dropped", LIMIT_COLOUR)
        for step in load.steps:
            if step.warm_up:
                axes.axvspan(*_edges(step, load), color="#d9dce1", alpha=0.5, linewidth=0)
        axes.set_ylabel("requests/s")
        axes.set_xlabel("seconds of the schedule; warm-up is grey")
        axes.set_ylim(bottom=0)
        legend(axes)
        return figure_svg(figure)


def _draw_rates(axes: Axes, load: Load, name: str, colour: str) -> None:
    rates = {step.name: getattr(step, name) / step.seconds for step in load.steps if step.seconds}
    held = [step for step in load.steps if rates.get(step.name)]
    if held:
        starts, ends = zip(*(_edges(step, load) for step in held), strict=True)
        heights = [rates[step.name] for step in held]
        axes.hlines(heights, starts, ends, color=colour, linewidth=2.5, label=name)


def _edges(step: StepLoad, load: Load) -> tuple[float, float]:
    begun = (step.started - load.load_started).total_seconds()
    return begun, begun + step.seconds


def _planned(plan: LoadPlan) -> tuple[list[float], list[float]]:
    times: list[float] = []
    rates: list[float] = []
    begun = 0.0
    for step in plan.steps:
        times += [begun, begun + step.seconds]
        rates += [step.rate, step.last_rate]
        begun += step.seconds
    return times, rates


def latency_svg(load: Load, operation: str, rulings: Sequence[Ruling]) -> Markup:
    """Draw quantiles of an operation by step with the limits of its rules; nothing without any."""
    found = [quantiles(step.answers(operation).latencies()) for step in load.steps]
    values = [q[name] for q in found for name in DRAWN]
    slowest = max((v for v in values if v is not None and math.isfinite(v)), default=None)
    if slowest is None:
        return Markup()
    lines = _limits(load.steps, operation, rulings)
    top = NEVER * max([slowest * MILLISECONDS, *(line.at for line in lines)])
    with drawing() as (figure, axes):
        for name, colour in zip(DRAWN, COLOURS, strict=False):
            heights = [_height(q[name], top) for q in found]
            axes.plot(range(len(found)), heights, color=colour, marker="o", label=name)
        for line in lines:
            _draw(axes, line)
        if math.inf in values:
            axes.axhline(top, color="#5c6370", linestyle=":", linewidth=1, label="never answered")
        axes.set_ylabel("ms from the intended start")
        _log(axes)
        _name_steps(axes, load.steps)
        legend(axes)
        return figure_svg(figure)


def _height(seconds: float | None, top: float) -> float:
    if seconds is None:
        return math.nan
    return seconds * MILLISECONDS if math.isfinite(seconds) else top


def _limits(steps: Sequence[StepLoad], operation: str, rulings: Sequence[Ruling]) -> list[_Line]:
    names = [step.name for step in steps]
    lines = []
    for ruling in rulings:
        measure = ruling.rule.measure
        match measure:
            case Quantile(operation=of):
                at = fails_at(ruling)
            case Under(operation=of, threshold=threshold):
                at = float(threshold.value)
            case _:
                continue
        if of != operation or at is None or at <= 0:
            continue
        over = [n for n, step in enumerate(steps) if not step.warm_up]
        if ruling.over in names:
            over = [names.index(ruling.over)]
        lines.append(_Line(label(ruling.rule.id), at * MILLISECONDS, over))
    return lines


def _draw(axes: Axes, line: _Line) -> None:
    drawn = set(axes.get_legend_handles_labels()[1])
    for number, step in enumerate(line.steps):
        axes.hlines(
            line.at,
            step - 0.4,
            step + 0.4,
            color=LIMIT_COLOUR,
            linestyle="--",
            linewidth=1,
            label=line.name if not number and line.name not in drawn else "",
        )


def _log(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _name_steps(axes: Axes, steps: Sequence[StepLoad]) -> None:
    names = [f"{label(step.name)}{' (warm-up)' if step.warm_up else ''}" for step in steps]
    crowded = len(names) > MOST_UPRIGHT
    axes.set_xticks(
        range(len(names)), names, rotation=30 if crowded else 0, ha="right" if crowded else "center"
    )
    axes.set_xlim(-0.5, len(names) - 0.5)


def lag_svg(load: Load) -> Markup:
    """Draw how late the generator itself was; nothing where it sent nothing."""
    lag = quantiles(load.lag.counts())
    late = {name: _height(value, 60_000.0) for name, value in lag.items() if value is not None}
    if not late:
        return Markup()
    with drawing() as (figure, axes):
        bars = axes.bar(list(late), list(late.values()), color=COLOURS[0], width=0.5)
        axes.bar_label(bars, [f"{height:.3g}" for height in late.values()])
        axes.set_ylabel("ms late")
        _log(axes)
        axes.margins(y=0.2)
        return figure_svg(figure)
