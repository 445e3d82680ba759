"""Every rehearsal of an SLO, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alerts.rehearsal import intent, pair_cases, slo_cases
from alerts.rehearsal.case import Case, Omitted, length
from alerts.rehearsal.series import NotSimulatedError
from alerts.rehearsal.stage import Stage
from slo.model import CompositeSli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slo.model import Slo

OF_A_PAIR = {
    "burn above the limit": pair_cases.burn,
    "burn below the limit": pair_cases.below,
    "outage and recovery": pair_cases.outage,
    "just enough failures": pair_cases.enough,
    "too few failures": pair_cases.too_few,
    "failures and silence": pair_cases.pause,
}
OF_AN_SLO = {
    "healthy": slo_cases.healthy,
    "healthy, no failure ever": slo_cases.unfailing,
    "recorded numbers": slo_cases.numbers,
    "one failure at 12 events an hour": slo_cases.one_failure,
    "outage at 12 events an hour": slo_cases.few,
    "no data": slo_cases.gone,
    "no traffic any more": slo_cases.quiet,
    "no traffic ever": slo_cases.idle,
    "whole period": slo_cases.period,
}


def cases(slo: Slo) -> Iterator[Case | Omitted]:
    """Yield every case of an SLO; one that its series cannot play is told with the reason."""
    for name, play in _plays(Stage(slo)):
        try:
            found = play()
        except NotSimulatedError as reason:
            yield Omitted(name, str(reason))
        else:
            yield Case(name, found.step, found.inputs, found.checks)


def _plays(stage: Stage) -> Iterator[tuple[str, Callable[[], Case]]]:
    pairs = intent.pairs(stage.slo)
    for pair in pairs:
        named = f"{length(pair.long)}/{length(pair.short)}"
        for name, of_pair in OF_A_PAIR.items():
            yield f"{named} {name}", partial(of_pair, stage, pair)
    if not pairs:
        return
    for name, of_slo in OF_AN_SLO.items():
        yield name, partial(of_slo, stage)
    if stage.slo.group_by:
        yield "one group of two", partial(slo_cases.groups, stage)
    if isinstance(stage.slo.sli, CompositeSli):
        yield "one part alone", partial(slo_cases.parts, stage)
