"""Where alerts are rehearsed: an SLO, the series it reads, and how fine its traffic can be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from alerts.rehearsal import intent
from alerts.rehearsal.probes import probe_series
from alerts.rehearsal.series import NotSimulatedError, bad_events, counters
from alerts.rehearsal.traffic import Phase
from slo.indicators import ProbeSli, RawSli, SliceSli
from slo.model import CompositeSli

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo.model import Slo

ABOVE, BELOW = Fraction(11, 10), Fraction(9, 10)
# How far the share of a number of probes may be off, and how many there may be.
NEARLY = Fraction(4, 100)
MOST_PROBES = 400
# 12 events an hour.
RARELY = 5
# Longer windows of a raw ratio are averages of that of the current five minutes.
AVERAGED, CURRENT = 120, 5
# Windows up to so many minutes are rehearsed at evaluations so many minutes apart.
STEPS = ((60, 1), (12 * 60, 2), (24 * 60, 10))
COARSE = 30


@dataclass(frozen=True, slots=True)
class Stage:
    """One SLO, and what its traffic can show."""

    slo: Slo

    @property
    def slice(self) -> int:
        """Return the minutes that are judged as one."""
        return intent.minutes(self.slo.sli.length) if isinstance(self.slo.sli, SliceSli) else 1

    @property
    def probe(self) -> ProbeSli | None:
        """Return the probe that is asked, in slices or not."""
        sli = self.slo.sli
        found = sli.of if isinstance(sli, SliceSli) else sli
        return found if isinstance(found, ProbeSli) else None

    @property
    def counts(self) -> bool:
        """Whether recorded events are the events of the service, one for one."""
        sli = self.slo.sli
        return not isinstance(sli, SliceSli | RawSli | CompositeSli) and self.probe is None

    @property
    def gap(self) -> int:
        """Return the minutes between events of a service that is hardly used."""
        return max(1 if self.probe else RARELY, self.slice)

    def lag(self, window: int) -> int:
        """Return the minutes by which a long window is late: of a raw ratio it is an average.

        What is averaged is the ratio of five minutes, which takes so long to show a change.
        """
        averaged = isinstance(self.slo.sli, RawSli) and window > AVERAGED
        return self.step(window) if averaged and self.step(window) < CURRENT else 0

    def fewest(self, number: int, step: int) -> int:
        """Return the minutes of an outage that surely have a number of bad events."""
        # Each evaluation adds a slice, and of the probes one at least.
        one_each = isinstance(self.slo.sli, SliceSli) or self.probe is not None
        return number * step if one_each else 0

    def nothing(self, minutes: int) -> Phase:
        """Count no events for so long; a probe that is still there would be asked."""
        return Phase(minutes, gone=self.probe is not None)

    def step(self, window: int) -> int:
        """Return the minutes between evaluations for a window."""
        step = next((step for most, step in STEPS if window <= most), COARSE)
        return -(-step // self.slice) * self.slice

    def group(self, value: str = "one") -> dict[str, str]:
        """Return one value of each label that the SLO is grouped by."""
        return dict.fromkeys(self.slo.group_by, value)

    def around(self, limit: Fraction) -> tuple[Fraction, Fraction]:
        """Return a share of bad events a little above a limit, and one a little below.

        Raises NotSimulatedError for a kind of traffic that has none.
        """
        if isinstance(self.slo.sli, SliceSli):
            raise NotSimulatedError("a slice is bad or not: outages only")
        above, below = min(limit * ABOVE, Fraction(1)), limit * BELOW
        return (above, below) if self.probe is None else (_of_few(above), _of_few(below))

    def shown(self, share: Fraction) -> Fraction:
        """Return the share of slices that are bad when such a share of events is."""
        return Fraction(1) if isinstance(self.slo.sli, SliceSli) else share

    def series(self, phases: Sequence[Phase], group: str = "one") -> list[dict[str, str]]:
        """Write the raw series of one group of the SLO."""
        if self.probe is not None:
            return probe_series(self.probe, phases, self.group(group))
        return [one.document(phases) for one in counters(self.slo, self.group(group))]

    def series_before_failures(self, phases: Sequence[Phase]) -> list[dict[str, str]]:
        """Write them without those that count failures, which there are none of yet."""
        if self.probe is not None:
            return self.series(phases)
        found = counters(self.slo, self.group())
        return [one.document(phases) for one in found if one.counts is not bad_events]

    def series_by_part(self, phases: Mapping[str, Sequence[Phase]]) -> list[dict[str, str]]:
        """Write the raw series of a composite whose parts have traffic of their own."""
        sli = self.slo.sli
        assert isinstance(sli, CompositeSli)  # noqa: S101  # only these have parts
        return [
            one.document(phases[part.name])
            for part in sli.parts
            for one in counters(self.slo, self.group(), part.sli)
        ]


def _of_few(share: Fraction) -> Fraction:
    """Return a share of as few probes as can show it well enough."""
    for probes in range(1, MOST_PROBES + 1):
        found = Fraction(round(share * probes), probes)
        if abs(found - share) <= share * NEARLY:
            return found
    raise NotSimulatedError(f"it would take more than {MOST_PROBES} probes")


def seldom(stage: Stage, phases: list[Phase]) -> list[dict[str, str]]:
    """Write the series of few events; of a composite in one part, or each would have as many."""
    if not isinstance(stage.slo.sli, CompositeSli):
        return stage.series(phases)
    first, *others = (part.name for part in stage.slo.sli.parts)
    idle = [Phase(sum(phase.minutes for phase in phases))]
    return stage.series_by_part({first: phases, **dict.fromkeys(others, idle)})


def need_guard(stage: Stage) -> None:
    """Raise NotSimulatedError where one failure may be told."""
    if any(pair.fewest < 2 for pair in intent.pairs(stage.slo)):
        raise NotSimulatedError("nobody counts its events, so that one may be enough")


def up(minutes: Fraction | float, step: int) -> int:
    """Return the next minute at which is evaluated."""
    return int(-(-minutes // step)) * step


def down(minutes: Fraction | float, step: int) -> int:
    """Return the last minute at which was evaluated."""
    return int(minutes // step) * step
