"""Every component that is watched, by the name of its rule file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.components import (
    access,
    api,
    cache,
    costs,
    database,
    monitoring,
    nodes,
    processes,
    queue,
    swipes,
)
from alerts.model import RuleGroup

if TYPE_CHECKING:
    from alerts.signal import Signal
    from alerts.watch import Watch

EVERY = timedelta(seconds=30)
# A mean of days moves too slowly to be computed more often.
SLOWLY = timedelta(minutes=5)
LONG = timedelta(days=1)

COMPONENTS: dict[str, tuple[tuple[Signal, ...], tuple[Watch, ...]]] = {
    "api": (api.SIGNALS, api.WATCHES),
    "processes": (processes.SIGNALS, processes.WATCHES),
    "database": (database.SIGNALS, database.WATCHES),
    "cache": (cache.SIGNALS, cache.WATCHES),
    "swipes": (swipes.SIGNALS, swipes.WATCHES),
    "queue": (queue.SIGNALS, queue.WATCHES),
    "nodes": (nodes.SIGNALS, nodes.WATCHES),
    "access": (access.SIGNALS, access.WATCHES),
    "costs": (costs.SIGNALS, costs.WATCHES),
    "monitoring": (monitoring.SIGNALS, monitoring.WATCHES),
}
SIGNALS = tuple(signal for signals, _ in COMPONENTS.values() for signal in signals)
WATCHES = tuple(watch for _, watches in COMPONENTS.values() for watch in watches)


def component_groups(name: str) -> tuple[RuleGroup, ...]:
    """Render what is recorded of a component, and the alerts about it."""
    signals, watches = COMPONENTS[name]
    quick = tuple(signal.rule() for signal in signals if signal.of.window < LONG)
    slow = tuple(signal.rule() for signal in signals if signal.of.window >= LONG)
    groups = (
        RuleGroup(f"{name}:signals", EVERY, quick),
        RuleGroup(f"{name}:long-signals", SLOWLY, slow),
        RuleGroup(f"{name}:alerts", EVERY, tuple(watch.rule() for watch in watches)),
    )
    return tuple(group for group in groups if group.rules)
