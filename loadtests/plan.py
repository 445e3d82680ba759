"""What a load is to be: who does what, and when; a pure plan that goes into one JSON file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from loadtests.arrivals.schedule import MAXIMUM_SECONDS, Schedule, Step
from loadtests.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAXIMUM_SESSIONS = 50_000


@dataclass(frozen=True, slots=True)
class Closed:
    """People who come back when they have looked at the last answer: no arrival is planned.

    A slow service is asked less often, so this is for exploring and not for judging.
    """

    seconds: float

    def __post_init__(self) -> None:
        """Refuse what cannot be waited for; raises MisuseError."""
        if not 1 <= self.seconds <= MAXIMUM_SECONDS:
            raise MisuseError(f"a load lasts 1 to {MAXIMUM_SECONDS} s, not {self.seconds:g}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return its only step."""
        return (Step("load", 0, self.seconds),)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A scenario, its arrivals, and how many sessions send them.

    A plan that climbs is meant to break the service, and is judged up to there. Raises MisuseError
    for a number of sessions that cannot be.
    """

    scenario: str
    arrivals: Schedule | Closed
    sessions: int
    climbs: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be held in memory, and nobody at all."""
        if not 1 <= self.sessions <= MAXIMUM_SESSIONS:
            raise MisuseError(f"a load has 1 to {MAXIMUM_SESSIONS} sessions, not {self.sessions}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order."""
        return self.arrivals.steps

    @property
    def seconds(self) -> float:
        """Return how long the load lasts, preparation not included."""
        return self.arrivals.seconds

    def refuse_uneven(self, processes: int) -> None:
        """Raise MisuseError when sessions are left over: each process must know all of its own."""
        if self.sessions % processes:
            some = f"{self.sessions} sessions"
            raise MisuseError(f"{some} cannot be shared evenly by {processes} processes")

    @property
    def judged(self) -> tuple[str, ...]:
        """Name the steps that rules may speak of: all but warm-ups."""
        return tuple(step.name for step in self.steps if not step.warm_up)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """One load of a plan on one URL, by so many processes; its files go to `out`.

    `accounts` is a file of e-mails, one a line; None where the scenario takes none. The generator
    tells Prometheus at `metrics_port` of this machine what it does, or nobody.
    """

    host: str
    plan: LoadPlan
    accounts: Path | None
    password: str = field(repr=False)
    out: Path
    processes: int = 1
    metrics_port: int | None = None


def plan_document(plan: LoadPlan) -> dict[str, Any]:
    """Turn a plan into JSON."""
    arrivals = plan.arrivals
    return {
        "scenario": plan.scenario,
        "sessions": plan.sessions,
        "climbs": plan.climbs,
        "closed_seconds": arrivals.seconds if isinstance(arrivals, Closed) else None,
        "steps": [asdict(step) for step in plan.steps],
        "seed": arrivals.seed if isinstance(arrivals, Schedule) else None,
    }


def read_plan(document: Mapping[str, Any]) -> LoadPlan:
    """Read back what plan_document() has written."""
    arrivals: Schedule | Closed
    if document["closed_seconds"] is not None:
        arrivals = Closed(document["closed_seconds"])
    else:
        arrivals = Schedule(tuple(Step(**s) for s in document["steps"]), document["seed"])
    return LoadPlan(document["scenario"], arrivals, document["sessions"], document["climbs"])
