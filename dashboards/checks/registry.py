"""Every check of dashboards, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dashboards.checks import (
    described,
    guarded,
    linked,
    panel_datasource,
    panel_no_targets,
    panel_title_description,
    panel_units,
    schema,
    series,
    target_counter_agg,
    target_instance,
    target_job,
    target_logql,
    target_logql_auto,
    target_promql,
    target_rate_interval,
    template_datasource,
    template_instance,
    template_job,
    template_label_promql,
    template_on_time_change_reload,
    uneditable_dashboard,
)
from dashboards.checks.loaded import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded


class Check(Protocol):
    """A module that is a check: its first line says what holds, after its id."""

    ID: str
    __doc__: str | None

    def check(self, loaded: Loaded, /) -> Iterable[Problem]:
        """Find what does not hold."""


CHECKS: tuple[Check, ...] = (
    schema,
    template_datasource,
    template_job,
    template_instance,
    template_label_promql,
    template_on_time_change_reload,
    panel_datasource,
    panel_title_description,
    panel_units,
    panel_no_targets,
    target_promql,
    target_logql,
    target_logql_auto,
    target_rate_interval,
    target_job,
    target_instance,
    target_counter_agg,
    uneditable_dashboard,
    series,
    guarded,
    described,
    linked,
)


def run(folder: Path, root: Path = ROOT) -> list[Problem]:
    """Run every check over a folder of dashboards, and the rules that the repository has."""
    loaded = load(folder, root)
    return [*loaded.unreadable, *(problem for each in CHECKS for problem in each.check(loaded))]


def listing() -> Iterator[tuple[str, str]]:
    """Yield the id of every check, and what holds when it finds nothing."""
    for each in CHECKS:
        first = (each.__doc__ or "").partition("\n")[0]
        yield each.ID, first.removeprefix(f"{each.ID}: ")
