"""Rehearsals of an SLO as a whole: health, numbers, hardly any traffic, none, no data."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from alerts.rehearsal import intent
from alerts.rehearsal.case import DAY, HOUR, Case, Watch, length
from alerts.rehearsal.series import NotSimulatedError
from alerts.rehearsal.stage import down, need_guard, seldom, up
from alerts.rehearsal.traffic import BUSY, ONE, Phase, busy
from slo.model import CompositeSli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rehearsal.stage import Stage

QUARTER_DAY = 6 * HOUR
HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)


def healthy(stage: Stage) -> Case:
    """Serve without a failure."""
    return _all_good(stage, stage.series([busy(70)]))


def unfailing(stage: Stage) -> Case:
    """Serve without a failure since ever: no series of failures is there."""
    return _all_good(stage, stage.series_before_failures([busy(70)]))


def _all_good(stage: Stage, inputs: list[dict[str, str]]) -> Case:
    watch = Watch(stage.slo)
    step = stage.step(0)
    minute = down(70, step)
    zero = (watch.is_about(minute, ratio, 0) for ratio in _ratios(stage))
    return Case("", step, inputs, (watch.never(minute), *zero))


def _ratios(stage: Stage) -> Iterator[str]:
    """Select every recorded error ratio, that of a period of the calendar excepted."""
    pairs = intent.pairs(stage.slo)
    windows = {5, *(pair.short for pair in pairs), *(pair.long for pair in pairs)}
    if isinstance(stage.slo.period, timedelta):
        windows.add(intent.minutes(stage.slo.period))
    for window in map(length, sorted(windows)):
        yield Watch(stage.slo).recorded(f"slo:sli_error:ratio_rate{window}", sloth_window=window)


def numbers(stage: Stage) -> Case:
    """Let a quarter fail for the second half of an hour."""
    watch, slo = Watch(stage.slo), stage.slo
    step, budget = stage.step(0), 1 - slo.objective
    end, share = 2 * HOUR, stage.shown(QUARTER)
    phases = [busy(HOUR), busy(HOUR, QUARTER)]
    days = f"{intent.minutes(slo.length) // DAY}d"
    expected: dict[str, Fraction | int] = {
        watch.recorded("slo:objective:ratio"): slo.objective,
        watch.recorded("slo:error_budget:ratio"): budget,
        watch.recorded("slo:sli_error:ratio_rate5m", sloth_window="5m"): share,
        watch.recorded("slo:current_burn_rate:ratio"): share / budget,
    }
    if isinstance(slo.period, timedelta):
        expected[watch.recorded("slo:time_period:days")] = slo.length.days
        left = watch.recorded("slo:period_error_budget_remaining:ratio")
        ratio = watch.recorded(f"slo:sli_error:ratio_rate{days}", sloth_window=days)
        expected[f"{left} + on () group_right () {ratio} / {float(budget)!r}"] = 1
    if stage.counts:
        expected[watch.recorded("slo:sli_total:increase1m")] = BUSY
        expected[watch.recorded("slo:sli_bad:increase1m")] = BUSY / 4
    checks = tuple(watch.is_about(end, expr, value) for expr, value in expected.items())
    return Case("", step, stage.series(phases), checks)


def one_failure(stage: Stage) -> Case:
    """Serve an event every five minutes, and fail one."""
    need_guard(stage)
    gap = stage.gap
    seldom = Phase(12 * gap, good=ONE, every=gap)
    phases = [seldom, Phase(gap, bad=ONE, every=gap), seldom]
    end = 25 * gap
    return Case("", stage.step(0), stage.series(phases), (Watch(stage.slo).never(end),))


def few(stage: Stage) -> Case:
    """Fail every event of a service that is hardly used, after an hour without any.

    Each pair tells it once and until the end, although its short window may be empty meanwhile.
    """
    watch, gap, step = Watch(stage.slo), stage.gap, stage.step(0)
    # Where nobody counts events, the first one is enough.
    fewest = {pair: max(1, pair.fewest) for pair in intent.pairs(stage.slo)}
    before = up(HOUR, step)
    end = before + up(gap * max(fewest.values()) + 10, step) + 6 * step
    checks = []
    for pair, number in fewest.items():
        lasts = gap * (number - 1)
        if lasts > pair.long:
            checks.append(watch.never(end, pair))
        if lasts >= pair.long:
            continue
        enough, wait = up(before + gap * number, step), up(pair.wait, step)
        checks += [
            watch.never(enough - step, pair),
            watch.silent(pair, enough + wait - step),
            watch.fires(pair, enough + wait),
            watch.fires(pair, end),
            watch.waits(pair, end, step),
        ]
    phases = [stage.nothing(before), Phase(up(end - before, gap), bad=ONE, every=gap)]
    return Case("", step, seldom(stage, phases), tuple(checks))


def gone(stage: Stage) -> Case:
    """Serve, vanish, and come back."""
    watch, delay = Watch(stage.slo), intent.silence(stage.slo)
    before = HOUR
    back = before + delay + 30
    # A probe's last answer is believed for five minutes.
    late = 8 if stage.probe is not None else 6
    checks = (
        watch.unseen(before + delay, told=False),
        watch.unseen(before + delay + late, told=True),
        # It is counted again with the first sample, or where a rate is asked for with the second.
        watch.unseen(back + intent.NO_DATA_KEPT, told=True),
        watch.unseen(back + intent.NO_DATA_KEPT + 2, told=False),
    )
    phases = [busy(before), Phase(delay + 30, gone=True), busy(30)]
    return Case("", 1, stage.series(phases), checks)


def quiet(stage: Stage) -> Case:
    """Serve, and then have nothing to serve."""
    if stage.probe is not None:
        raise NotSimulatedError("a probe needs no traffic")
    quiet = intent.silence(stage.slo) + HOUR
    checks = (Watch(stage.slo).never(HOUR + quiet),)
    return Case("", 1, stage.series([busy(HOUR), Phase(quiet)]), checks)


def idle(stage: Stage) -> Case:
    """Count nothing at all: no ratio of nothing must be recorded."""
    if stage.probe is not None:
        raise NotSimulatedError("a probe needs no traffic")
    watch, minutes = Watch(stage.slo), 6 * stage.step(0)
    checks = tuple(watch.nothing(minutes, ratio) for ratio in _ratios(stage))
    return Case("", stage.step(0), stage.series([Phase(minutes)]), checks)


def period(stage: Stage) -> Case:
    """Fail half of everything in the first tenth of a period, which forgets it when it is over."""
    slo, watch = stage.slo, Watch(stage.slo)
    if not isinstance(slo.period, timedelta):
        raise NotSimulatedError("promtool begins in 1970, the calendar of the SLO does not")
    period = intent.minutes(slo.period)
    days = length(period)
    ratio = watch.recorded(f"slo:sli_error:ratio_rate{days}", sloth_window=days)
    early, late = down(period * 0.95, QUARTER_DAY), up(period * 1.15, QUARTER_DAY)
    bad = up(period / 10, QUARTER_DAY)
    # The evaluations at which it begins and ends may count for either.
    shown = stage.shown(HALF) / early
    low, high = (shown * (bad + off) for off in (-QUARTER_DAY, QUARTER_DAY))
    checks = (watch.is_about(late, ratio, 0), watch.is_between(early, ratio, low, high))
    phases = [busy(bad, HALF), busy(late + QUARTER_DAY - bad)]
    return Case("", QUARTER_DAY, stage.series(phases), checks)


def groups(stage: Stage) -> Case:
    """Let one group fail and another one not."""
    slo, watch = stage.slo, Watch(stage.slo)
    pair = min(intent.pairs(slo), key=lambda pair: pair.long)
    lasts = up(pair.long + pair.wait, stage.step(0)) + 3 * stage.step(0)
    healthy = stage.series([busy(lasts)], "two")
    inputs = stage.series([busy(lasts, ONE)]) + healthy
    checks = (watch.fires(pair, lasts), watch.alone(pair, lasts, stage.group()))
    return Case("", stage.step(0), inputs, checks)


def parts(stage: Stage) -> Case:
    """Let a quarter of each part alone fail for the last half hour."""
    sli, watch = stage.slo.sli, Watch(stage.slo)
    assert isinstance(sli, CompositeSli)  # noqa: S101  # only these have parts
    good = [busy(HOUR * len(sli.parts))]
    phases = {part.name: good for part in sli.parts}
    checks = []
    whole = sum(part.weight for part in sli.parts)
    for number, part in enumerate(sli.parts):
        begins = HOUR * number + HOUR // 2
        rest = HOUR * (len(sli.parts) - number - 1)
        phases[part.name] = [busy(begins), busy(HOUR // 2, QUARTER), busy(rest)]
        ratio = watch.recorded("slo:sli_error:ratio_rate5m", sloth_window="5m")
        checks.append(watch.is_about(begins + 20, ratio, QUARTER * part.weight / whole))
    return Case("", 1, stage.series_by_part(phases), tuple(checks))
