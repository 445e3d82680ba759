"""Rehearsals of one pair of windows: burns near its limit, outages, few failures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from alerts.rehearsal.case import Case, Watch
from alerts.rehearsal.series import NotSimulatedError
from alerts.rehearsal.stage import down, need_guard, seldom, up
from alerts.rehearsal.traffic import ONE, Phase, busy

if TYPE_CHECKING:
    from alerts.rehearsal.intent import Pair
    from alerts.rehearsal.stage import Stage


def burn(stage: Stage, pair: Pair) -> Case:
    """Burn a little above the limit: nobody is told before the long window says so."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    above, _ = stage.around(pair.limit)
    before, burning = up(pair.long / 4, step), up(pair.long + pair.wait, step) + 3 * step
    end = before + burning
    over = up(end + pair.short / 10 + pair.kept, step) + 3 * step
    checks = (
        watch.silent(pair, down(before + pair.long * 0.85, step)),
        watch.fires(pair, end),
        watch.silent(pair, over),
    )
    phases = [busy(before), busy(burning, above), busy(over - end + step)]
    return Case("", step, stage.series(phases), checks)


def below(stage: Stage, pair: Pair) -> Case:
    """Burn a little below the limit."""
    step = stage.step(pair.long)
    _, below = stage.around(pair.limit)
    before, burning = up(pair.long / 4, step), up(pair.long, step) + 3 * step
    phases = [busy(before), busy(burning, below)]
    checks = (Watch(stage.slo).never(before + burning, pair),)
    return Case("", step, stage.series(phases), checks)


def outage(stage: Stage, pair: Pair) -> Case:
    """Fail everything until it is told, and then burn on below the limit, or not at all."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    try:
        _, after = stage.around(pair.limit)
        before = up(pair.long / 4, step)
    except NotSimulatedError:
        # Nothing else shows how long the long window is.
        after, before = Fraction(0), up(pair.long, step)
    burns: Fraction = min(pair.limit * before / (1 - pair.limit), pair.crossing)
    crossing: Fraction = max(burns, Fraction(_fewest(stage, pair)))
    lasts = up(max(Fraction(pair.short), crossing), step) + up(pair.wait, step) + 4 * step
    told = before + up(crossing, step) + up(pair.wait, step) + step
    end = before + lasts
    recovers = end + pair.short * (1 - pair.limit) / (1 - after)
    held = down(recovers + pair.kept, step) - step
    over = up(recovers + pair.kept, step) + step
    checks = [watch.fires(pair, told), watch.waits(pair, told, step), watch.silent(pair, over)]
    if crossing >= 3 * step:
        checks.append(watch.silent(pair, before + down(crossing, step) - 2 * step))
    slid = max(0, held - pair.kept - pair.long - before)
    if held >= end and lasts - slid > pair.limit * min(pair.long, held - pair.kept):
        checks.append(watch.fires(pair, held))
    phases = [busy(before), busy(lasts, ONE), busy(over - end + step, after)]
    return Case("", step, stage.series(phases), tuple(checks))


def _fewest(stage: Stage, pair: Pair) -> int:
    """Return the minutes of an outage that make the least number of bad events."""
    if stage.slice > 1 or stage.probe is not None:
        return pair.fewest * stage.slice
    return 0


def enough(stage: Stage, pair: Pair) -> Case:
    """Fail as often as it takes, over nearly the whole long window, and do nothing else."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    _need_seldom(stage)
    rest = up(pair.wait, step) + 3 * step
    gap = down(Fraction(pair.long - rest, pair.fewest - 1), step)
    if 2 * gap * (pair.fewest - 1) < pair.long:
        raise NotSimulatedError("its window holds too few slices")
    end = gap * pair.fewest
    phases = [Phase(end, bad=ONE, every=gap), Phase(rest)]
    checks = (watch.silent(pair, end - step), watch.fires(pair, end + rest - step))
    return Case("", step, seldom(stage, phases), checks)


def too_few(stage: Stage, pair: Pair) -> Case:
    """Fail a little too seldom for the long window, for long."""
    step = stage.step(pair.long)
    _need_seldom(stage)
    gap = up(Fraction(pair.long * 11, 10 * (pair.fewest - 1)), step)
    end = gap * (pair.fewest + 1)
    phases = [Phase(end, bad=ONE, every=gap)]
    return Case("", step, seldom(stage, phases), (Watch(stage.slo).never(end, pair),))


def _need_seldom(stage: Stage) -> None:
    need_guard(stage)
    if stage.probe is not None:
        raise NotSimulatedError("a probe is asked all the time")
