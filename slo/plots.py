"""Backtests as pictures: what failed, who was told when, and how much budget was gone."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from slo.backtest import spent, wanted_pairs
from slo.backtest_output import document, firings_of, windows_text
from slo.model import Severity
from slo.pages import COLOURS, STYLE, figure_svg, page_environment
from slo.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from slo.backtest import Backtest
    from slo.windows import Windows

BLUE, ORANGE, RED = COLOURS[0], COLOURS[1], COLOURS[3]
GREY = "#888888"
OF_SEVERITY = {Severity.PAGE: RED, Severity.TICKET: ORANGE}
SIZE_INCHES = (9.0, 5.4)
SMOOTHED = timedelta(minutes=5)
MOST_POINTS = 3_000
TEMPLATE = page_environment("slo").get_template("backtest.html.j2")


def write_plot(results: Sequence[Backtest], path: Path) -> None:
    """Write a picture of one result, or a page of several; the ending of the name says which."""
    with mpl.rc_context(STYLE):
        figures = [_figure(result) for result in results]
        if path.suffix == ".png":
            figures[0].savefig(path)
            return
        pictures = [figure_svg(figure) for figure in figures]
    if path.suffix == ".svg":
        path.write_text(pictures[0])
        return
    shown = zip(map(document, results), pictures, strict=True)
    path.write_text(TEMPLATE.render(shown=shown))


def _figure(result: Backtest) -> Figure:
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    ratio, alerts, budget = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    _draw_ratio(result, ratio)
    _draw_alerts(result, alerts)
    _draw_budget(result, budget)
    figure.suptitle(f"{result.slo.id}: {result.traffic.name}")
    _scale_time(result, budget)
    return figure


def _draw_ratio(result: Backtest, axes: Axes) -> None:
    windows = windows_of(result.slo, result.traffic)
    shown = _moments(windows.end)
    axes.plot(
        [_time(result, moments[-1]) for moments in shown],
        [_worst(windows, moments) for moments in shown],
        color=BLUE,
        linewidth=1,
    )
    axes.axhline(float(result.slo.budget) * 100, color=GREY, linestyle="--", linewidth=1)
    axes.set_ylabel("bad events\nin 5 m, %")
    axes.set_ylim(bottom=0)


def _worst(windows: Windows, moments: range) -> float:
    """Return the highest percentage of some moments; NaN, which is not drawn, without any."""
    ratios = (windows.ratio(now, SMOOTHED) for now in moments)
    return max((ratio * 100 for ratio in ratios if ratio is not None), default=math.nan)


def _draw_alerts(result: Backtest, axes: Axes) -> None:
    pairs = wanted_pairs(result.slo)
    last = len(result.traffic.total)
    for row, pair in enumerate(pairs):
        for firing in firings_of(result, pair):
            begin = _time(result, firing.fired)
            end = _time(result, last if firing.ended is None else firing.ended)
            axes.broken_barh(
                [(begin, end - begin)],
                (row - 0.35, 0.7),
                color=OF_SEVERITY[pair.severity],
                hatch="//" if firing.wrong else None,
            )
    names = [f"{pair.severity.value} {windows_text(pair)}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names)
    axes.set_ylim(len(pairs) - 0.5, -0.5)
    axes.set_ylabel("fires")


def _draw_budget(result: Backtest, axes: Axes) -> None:
    windows = windows_of(result.slo, result.traffic)
    shown = [moments[-1] for moments in _moments(windows.end)]
    axes.plot(
        [_time(result, now) for now in shown],
        [spent(result.slo, windows, 0, now) * 100 for now in shown],
        color=BLUE,
        linewidth=1,
    )
    axes.set_ylabel("budget\ngone, %")
    axes.set_ylim(bottom=0)


def _scale_time(result: Backtest, axes: Axes) -> None:
    axes.set_xlim(_time(result, 0), _time(result, len(result.traffic.total)))
    if result.traffic.begins is None:
        axes.set_xlabel("hours")
        return
    locator = AutoDateLocator(tz="UTC")
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC"))
    axes.set_xlabel("UTC")


def _time(result: Backtest, minute: int) -> float:
    """Return where a minute lies: hours of made-up traffic, the date of recorded traffic."""
    if result.traffic.begins is None:
        return minute / 60
    return float(date2num(result.traffic.begins + timedelta(minutes=minute)))


def _moments(end: int) -> list[range]:
    """Put as many moments together as one point of a picture stands for."""
    step = end // MOST_POINTS + 1
    return [range(begin, min(begin + step, end + 1)) for begin in range(0, end + 1, step)]
