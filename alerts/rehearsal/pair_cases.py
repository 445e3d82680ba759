"""Rehearsals of one pair of windows: burns near its limit, outages, few failures, silence."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from alerts.rehearsal.case import DAY, Case, Watch
from alerts.rehearsal.moments import begins, ends
from alerts.rehearsal.series import NotSimulatedError
from alerts.rehearsal.stage import down, need_guard, seldom, up
from alerts.rehearsal.traffic import NONE, ONE, Phase, busy

if TYPE_CHECKING:
    from alerts.rehearsal.intent import Pair
    from alerts.rehearsal.stage import Stage


def burn(stage: Stage, pair: Pair) -> Case:
    """Burn a little above the limit: nobody is told before the long window says so."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    above, _ = stage.around(pair.limit)
    before, wait = up(pair.long / 4, step), up(pair.wait, step)
    begun = begins(pair.limit, above, before, pair.long, step)
    told = before + begun.latest + stage.lag(pair.long) + wait
    end = told + step
    over = end + ends(pair.limit, above, NONE, pair.short, step).latest + up(pair.kept, step)
    checks = (
        watch.silent(pair, before + begun.earliest + wait - step),
        watch.fires(pair, told),
        watch.silent(pair, over + stage.lag(pair.short)),
    )
    phases = [busy(before), busy(end - before, above), busy(over - end + 2 * step)]
    return Case("", step, stage.series(phases), checks)


def below(stage: Stage, pair: Pair) -> Case:
    """Burn a little below the limit since ever, so that all windows show it at once."""
    step = stage.step(pair.long)
    _, below = stage.around(pair.limit)
    burning = up(pair.short + pair.wait, step) + 3 * step
    checks = (Watch(stage.slo).never(burning, pair),)
    return Case("", step, stage.series([busy(burning, below)]), checks)


def outage(stage: Stage, pair: Pair) -> Case:
    """Fail everything until it is told, and then burn on below the limit, or not at all."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    try:
        _, after = stage.around(pair.limit)
        before = up(pair.long / 4, step)
    except NotSimulatedError:
        # Nothing else shows how long the long window is: a longer one would hold more good events.
        after, before = NONE, 2 * up(pair.long, step)
    wait, kept = up(pair.wait, step), up(pair.kept, step)
    begun = begins(pair.limit, ONE, before, pair.long, step)
    burns = max(begun.latest + stage.lag(pair.long), stage.fewest(pair.fewest, step))
    ended = ends(pair.limit, ONE, after, pair.short, step)
    soonest = before + max(burns, up(pair.short, step) + step) + wait + step
    # Until the long window goes on to burn for as long as the short one does.
    lasting = (
        minute
        for minute in range(soonest, soonest + pair.long, step)
        if _still_burns(pair, before, minute, minute + ended.earliest - step, step)
    )
    end = next(lasting, soonest)
    over = end + ended.latest + stage.lag(pair.short) + kept
    checks = [
        watch.silent(pair, before + begun.earliest + wait - step),
        watch.fires(pair, before + burns + wait),
        watch.waits(pair, before + burns + wait, step),
        watch.silent(pair, over),
    ]
    if _still_burns(pair, before, end, end + ended.earliest - step, step):
        checks.append(watch.fires(pair, end + ended.earliest + kept - step))
    phases = [busy(before), busy(end - before, ONE), busy(over - end + step, after)]
    return Case("", step, stage.series(phases), tuple(checks))


def _still_burns(pair: Pair, begun: int, ended: int, minute: int, step: int) -> bool:
    """Whether an outage is enough of the long window for it to burn at a minute."""
    bad = (ended - max(begun, minute - pair.long)) // step
    return bad > pair.limit * min(pair.long // step + 1, minute // step)


def pause(stage: Stage, pair: Pair) -> Case:
    """Fail and fall silent, serve one event well, and fall silent again.

    An empty short window neither ends an alert nor begins one.
    """
    # Finer than the others of the longest windows, which do not see how long an alert is kept.
    step, watch = stage.step(min(pair.long, DAY)), Watch(stage.slo)
    # So many failures that one good event does not outweigh them.
    burst = max(up(pair.long / 4, step), 4 * step)
    # Longer than a third of what is remembered, and not so long that the burst is forgotten.
    remembered = up(pair.long / 3 + pair.short + pair.kept, step) + 2 * step
    silence = min(remembered, down(pair.long * 0.8, step))
    rest = up(max(pair.short, pair.kept), step) + up(pair.wait, step) + 3 * step
    served = burst + silence + step
    kept, end = served + up(pair.kept, step), served + rest
    checks = (
        watch.fires(pair, served - step),
        watch.fires(pair, kept - step),
        watch.silent(pair, kept),
        watch.silent(pair, end),
        # Once, and not anew after the good event.
        watch.waits(pair, end, step),
    )
    phases = [
        busy(burst, ONE),
        stage.nothing(silence),
        Phase(step, good=ONE, every=step),
        stage.nothing(rest),
    ]
    return Case("", step, stage.series(phases), checks)


def enough(stage: Stage, pair: Pair) -> Case:
    """Fail as often as it takes, over nearly the whole long window, and do nothing else."""
    step, watch = stage.step(pair.long), Watch(stage.slo)
    _need_seldom(stage)
    wait = up(pair.wait, step)
    gap = down(Fraction(pair.long - wait - 2 * step, pair.fewest - 1), step)
    if 2 * gap * (pair.fewest - 1) < pair.long:
        raise NotSimulatedError("its window holds too few slices")
    end = gap * pair.fewest
    phases = [Phase(end, bad=ONE, every=gap), Phase(wait + step)]
    checks = (watch.silent(pair, end + wait - step), watch.fires(pair, end + wait))
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
