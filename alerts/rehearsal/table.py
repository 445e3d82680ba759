"""The results of rehearsals for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from alerts.rehearsal.promtool import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.rehearsal.promtool import Result


def result_lines(results: Sequence[Result], *, everything: bool = False) -> Iterator[str]:
    """Write a line for each SLO with how many cases came out how, and one for each odd case."""
    if not results:
        yield "no alerts"
    width = max((len(result.case) for result in results), default=0)
    for slo in dict.fromkeys(result.slo for result in results):
        own = [result for result in results if result.slo == slo]
        counts = Counter(result.outcome for result in own)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
        yield f"{slo}: {told}"
        for result in own:
            if everything or result.outcome is not Outcome.PASSED:
                line = f"  {result.outcome.value:<14}{result.case:<{width}}  {result.detail}"
                yield line.rstrip()
