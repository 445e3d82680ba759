"""config/targets: scrape jobs and the series of the kit belong together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import promql_parser

from alerts.reading.problem import Problem
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from slo.promql_tree import Node

ID = "config/targets"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a job that shows nothing, is not scraped, or has no targets."""
    where = str(loaded.folder / "prometheus.yml")
    showing = {
        job
        for emitted in loaded.known.emitted.values()
        for job in emitted.jobs
        if emitted.jobs != frozenset(loaded.jobs)
    }
    for job in loaded.jobs:
        if job not in showing:
            yield Problem(ID, where, f"job {job}: neither catalogue nor exporters show it a series")
    for job in sorted(showing - set(loaded.jobs)):
        yield Problem(ID, where, f"job {job} has series, and is not scraped")
    for config in loaded.prometheus.get("scrape_configs") or []:
        for file in _files(config):
            if file != f"targets/{config.get('job_name')}.json":
                yield Problem(ID, where, f"job {config.get('job_name')}: {file} is another's")
    for rule, tree in loaded.parsed:
        for job in sorted(_named(tree) - set(loaded.jobs)):
            yield rule.problem(ID, f"asks for job {job}, which prometheus.yml does not scrape")


def _files(config: dict[str, Any]) -> list[str]:
    return [
        str(file) for found in config.get("file_sd_configs") or [] for file in found.get("files")
    ]


def _named(tree: Node) -> set[str]:
    """Return the jobs that an expression names, those of plain alternatives too."""
    exact = (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual)
    found: set[str] = set()
    for place in selectors(tree):
        for matcher in place.node.matchers.matchers:
            if matcher.name != "job":
                continue
            values = [matcher.value] if matcher.op in exact else matcher.value.split("|")
            found.update(v for v in values if v and re.fullmatch(r"[\w-]+", v))
    return found
