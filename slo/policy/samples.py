"""How old and how new the samples are that an SLO is counted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from slo.indicators import RawSli, error_ratio, total_in
from slo.model import CompositeSli
from slo.prometheus import NoDataError
from slo.promql import duration
from slo.promql_tree import parse, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.indicators import Sli
    from slo.model import Slo
    from slo.prometheus import Prometheus

# How far back the newest sample is looked for, and how often; Prometheus itself looks 5 minutes.
LOOKED_BACK, LOOKED_EVERY = timedelta(hours=2), timedelta(minutes=1)
# The first sample of a month is looked for once an hour: it is known to the hour, never too old.
FIRST_EVERY = timedelta(hours=1)
ANY_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Samples:
    """When the newest and the oldest sample were taken, and the queries that say so.

    Of several counters, those of the one that was lost and of the one that is new. None is that
    one of them has no sample.
    """

    newest: datetime | None = None
    oldest: datetime | None = None
    queries: tuple[tuple[str, str], ...] = ()


def find_samples(slo: Slo, at: datetime, period: timedelta, prometheus: Prometheus) -> Samples:
    """Look for the samples of a period that ends at a moment; raises all but NoDataError."""
    back = f"{duration(LOOKED_BACK)}:{duration(LOOKED_EVERY)}"
    span = f"{duration(period)}:{duration(FIRST_EVERY)}"
    newest, oldest = [], []
    for selector in _selectors(slo):
        last, first = f"max(timestamp({selector}))", f"min(timestamp({selector}))"
        newest.append(f"{last} or max_over_time({last}[{back}])")
        oldest.append(f"min_over_time({first}[{span}])")
    taken, begun = ([_moment(x, at, prometheus) for x in asked] for asked in (newest, oldest))
    return Samples(
        None if None in taken else min(filter(None, taken), default=None),
        None if None in begun else max(filter(None, begun), default=None),
        (*_named("newest sample", newest), *_named("oldest sample", oldest)),
    )


def _named(name: str, queries: list[str]) -> Iterator[tuple[str, str]]:
    for number, query in enumerate(queries, 1):
        yield (name if number == 1 else f"{name} {number}"), query


def _moment(query: str, at: datetime, prometheus: Prometheus) -> datetime | None:
    try:
        seconds = prometheus.number(query, at)
    except NoDataError:
        return None
    return datetime.fromtimestamp(float(seconds), UTC)


def _selectors(slo: Slo) -> list[str]:
    """Return the selectors of what an SLO counts."""
    texts = [_text(sli) for sli in _parts(slo)]
    return sorted({str(place.node) for text in texts for place in selectors(parse(text))})


def _parts(slo: Slo) -> Iterator[Sli]:
    if isinstance(slo.sli, CompositeSli):
        yield from (part.sli for part in slo.sli.parts)
    else:
        yield slo.sli


def _text(sli: Sli) -> str:
    return error_ratio(sli, ANY_WINDOW) if isinstance(sli, RawSli) else total_in(sli, ANY_WINDOW)
