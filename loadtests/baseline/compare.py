"""A baseline that is compared with: recorded on such a machine, under such a load, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from loadtests.baseline.document import read_document
from loadtests.baseline.model import differences
from loadtests.baseline.places import read_place
from loadtests.errors import InvalidRun, MisuseError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from loadtests.baseline.model import Facts, Key, Recorded

# So long ago nobody remembers why it was as fast as that.
OLD = timedelta(days=90)
# Clocks of two machines differ.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A baseline that may be compared with, and what must be known of it."""

    place: str
    recorded: Recorded
    notes: tuple[str, ...]


def pinned(
    place: str, keys: Iterable[Key], configuration: Facts, runner: Facts, now: datetime
) -> Pinned:
    """Return the baseline at a place, a path or s3://bucket/key, for a run of these rules.

    Raises MisuseError when it is absent, was recorded under another load or lacks a rule, and
    InvalidRun when it was recorded on another machine: nothing is wrong, and nothing can be told.
    """
    recorded = read_document(read_place(place), place)
    if recorded.recorded > now + SKEW:
        raise MisuseError(f"{place}: it was recorded at {recorded.recorded}, which is yet to come")
    # A rule that is no longer there leaves the others as they were.
    wanted = {
        name: fact
        for name, fact in recorded.configuration.items()
        if name in configuration or not name.startswith("rule ")
    }
    if different := differences(wanted, configuration):
        raise MisuseError(f"{place}: recorded under another load: {'; '.join(different)}")
    if absent := [
        f"{rule} over {over}" for rule, over in keys if (rule, over) not in recorded.rounds
    ]:
        raise MisuseError(f"{place}: it has no value of {', '.join(absent)}; record it anew")
    if different := differences(recorded.runner, runner):
        raise InvalidRun(f"{place}: recorded on another machine: {'; '.join(different)}")
    return Pinned(place, recorded, tuple(_notes(recorded, now)))


def _notes(recorded: Recorded, now: datetime) -> Iterable[str]:
    age = now - recorded.recorded
    if age > OLD:
        yield (
            f"the baseline is {age.days} days old, more than {OLD.days}; "
            "record another one if what it promises is no longer wanted"
        )
