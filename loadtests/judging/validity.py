"""Whether a load is evidence at all, by what its generator says of itself."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from loadtests.judging.model import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.load import Load, StepLoad

# Below it the service was asked for less than was planned, and looks better than it is.
ACHIEVED = Fraction(98, 100)
# A third of 150 ms, the tightest promise, and in one of a hundred requests, where that promise lets
# five be late: the generator itself cannot decide it.
LAG_SECONDS = 0.05
LAG_SHARE = 0.99
# Above it whatever waits for the generator's core waits long, and is taken for the service.
BUSY = 0.8


def validity(load: Load) -> list[Check]:
    """Check that a load was sent as planned, by a generator with room to spare.

    Where nothing was planned the checks of a plan pass and say that they do not apply.
    """
    return [
        _sent(load),
        _whole(load),
        _workers(load),
        *(check(load) if load.planned is not None else _unplanned(check(load)) for check in PLAN),
        _cpu(load),
    ]


def _sent(load: Load) -> Check:
    return Check("sent", "Requests were sent", load.sent > 0, f"{load.sent} requests were sent")


def _whole(load: Load) -> Check:
    found = "; ".join(load.problems)
    return Check("whole", "The load ran to its end", not found, found or "nothing broke it off")


def _workers(load: Load) -> Check:
    there = {worker.index for worker in load.workers}
    complete = len(there) == len(load.workers) == load.workers_expected
    detail = f"{len(there)} of {load.workers_expected} workers of the generator have reported"
    if len(there) != len(load.workers):
        detail += f", {len(load.workers) - len(there)} of them twice"
    return Check("workers", "Every worker of the generator reported", complete, detail)


def _achieved(load: Load) -> Check:
    judged = [step for step in load.steps if not step.warm_up and step.planned]
    shares = [("all steps", load.sent, load.planned or 0), *map(_of_step, judged)]
    worst = min(shares, key=lambda share: share[1] / share[2] if share[2] else 0.0)
    name, sent, planned = worst
    enough = bool(judged) and planned > 0 and sent >= ACHIEVED * planned
    percent = f"{sent / planned:.2%}".replace("%", " %") if planned else "nothing was planned"
    detail = f"{sent} of {planned} planned requests of {name} were sent, {percent}"
    if not judged:
        detail = "no step that is judged has planned requests"
    return Check("achieved", "At least 98 % of the plan was sent, in every step", enough, detail)


def _of_step(step: StepLoad) -> tuple[str, int, int]:
    return f"step {step.name}", step.sent, step.planned or 0


def _dropped(load: Load) -> Check:
    where = _named((step.name, step.dropped) for step in load.steps)
    detail = f"{load.dropped} requests were dropped, nobody was free to send them{where}"
    if not load.dropped:
        detail = "every planned request found somebody free to send it"
    return Check("dropped", "No planned request was dropped", not load.dropped, detail)


def _conserved(load: Load) -> Check:
    off = [(step.name, _lost(step)) for step in load.steps if _lost(step)]
    counts = f"{load.planned} planned, {load.sent} sent and {load.dropped} dropped"
    return Check(
        "conserved",
        "Planned is sent and dropped together, exactly",
        not off,
        f"{counts}{f', unaccounted for{_named(off)}' if off else ''}",
    )


def _lost(step: StepLoad) -> int:
    return (step.planned or 0) - step.sent - step.dropped


def _lag(load: Load) -> Check:
    late = load.lag.quantile(LAG_SHARE)
    detail = "how late the generator was has not been recorded"
    if late is not None:
        detail = (
            f"99 % of requests left at most {late * 1000:.4g} ms later than they could, "
            f"{LAG_SECONDS * 1000:g} ms are allowed"
        )
    punctual = late is not None and late <= LAG_SECONDS
    return Check("lag", "The generator kept to its schedule", punctual, detail)


def _cpu(load: Load) -> Check:
    """Look at the worst five seconds: a whole schedule's mean hides the peak that is judged."""
    busiest = max(load.workers, key=lambda worker: worker.busiest, default=None)
    # What is not a number is not below the limit either.
    spare = all(worker.busiest < BUSY for worker in load.workers) and busiest is not None
    detail = "no worker has told how busy it was"
    if busiest is not None:
        detail = (
            f"worker {busiest.index} used {_percent(busiest.busiest)} of its core in its busiest "
            f"five seconds and {_percent(busiest.cpu)} on average, below {_percent(BUSY)} is right"
        )
    return Check("generator-cpu", "The generator had CPU to spare", spare, detail)


PLAN = (_achieved, _dropped, _conserved, _lag)


def _unplanned(check: Check) -> Check:
    detail = "does not apply: people came back by themselves, no arrival was planned"
    return Check(check.id, check.title, passed=True, detail=detail)


def _named(counts: Iterable[tuple[str, int]]) -> str:
    found = ", ".join(f"{name}: {count}" for name, count in counts if count)
    return f" ({found})" if found else ""


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
