"""What the checks look at, read once: rules with their lines and trees, configuration, folders."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import promql_parser
import yaml

from alerts.reading.known import Known
from alerts.reading.problem import Problem
from alerts.signal import Dashboard
from slo.promql_tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.promql_tree import Node

ROOT = Path(__file__).parents[2]
# libyaml reads it ten times as fast, but not every platform has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RULES = "*.rules.yml"
DEFAULT_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule as its file has it; `tree` is None when `expr` is no PromQL, and `error` says why."""

    path: Path
    line: int
    group: str
    interval: timedelta
    alert: bool
    name: str
    expr: str
    tree: Node | None
    error: str
    waits: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    def problem(self, check: str, message: str) -> Problem:
        """Return a finding about this rule."""
        return Problem(check, f"{self.path}:{self.line}", f"{self.name}: {message}", self.name)

    def wait(self, key: str = "for") -> timedelta:
        """Return how long it waits before it fires, or keeps firing; 0 when not said or wrong."""
        try:
            return timedelta(0) if key not in self.waits else duration_of(self.waits[key])
        except ValueError:
            return timedelta(0)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of rules as its file has it."""

    path: Path
    line: int
    name: str
    interval: timedelta
    rules: tuple[WrittenRule, ...]


@dataclass(frozen=True)
class Loaded:
    """A folder of generated files, and the repository around it."""

    folder: Path
    root: Path
    groups: tuple[Group, ...]
    unreadable: tuple[Problem, ...]
    prometheus: dict[str, Any]

    @cached_property
    def rules(self) -> tuple[WrittenRule, ...]:
        """List every rule."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @cached_property
    def alerts(self) -> tuple[WrittenRule, ...]:
        """List the alerting rules."""
        return tuple(rule for rule in self.rules if rule.alert)

    @cached_property
    def records(self) -> tuple[WrittenRule, ...]:
        """List the recording rules."""
        return tuple(rule for rule in self.rules if not rule.alert)

    @cached_property
    def parsed(self) -> tuple[tuple[WrittenRule, Node], ...]:
        """List the rules whose expression is PromQL, with it."""
        return tuple((rule, rule.tree) for rule in self.rules if rule.tree is not None)

    @cached_property
    def known(self) -> Known:
        """Know every series that a rule may name."""
        return Known(self.parsed, self.jobs)

    @property
    def jobs(self) -> tuple[str, ...]:
        """Name the scrape jobs."""
        return tuple(str(job.get("job_name")) for job in self.prometheus.get("scrape_configs", []))

    @property
    def scrape_interval(self) -> timedelta:
        """Say how often targets are scraped; Prometheus' default when nothing is said."""
        said = self.prometheus.get("global", {}).get("scrape_interval")
        return DEFAULT_INTERVAL if said is None else duration_of(said)

    def step(self, series: str) -> timedelta | None:
        """Say how far apart the samples of a series are; None for one that is unknown."""
        if series in self.known.emitted:
            return self.scrape_interval
        rules = self.known.recorded.get(series, [])
        return max((rule.interval for rule, _ in rules), default=None)

    @property
    def dashboards(self) -> tuple[Path, ...]:
        """List the generated dashboards; none before there are any."""
        return tuple(sorted((self.root / "dashboards" / "generated").glob("*.json")))

    @property
    def all_drawn(self) -> bool:
        """Say whether every dashboard is there: some of them cannot tell what is unused.

        That one is missing is for the checks of dashboards to find.
        """
        return {path.stem for path in self.dashboards} >= set(Dashboard)


def duration_of(text: object) -> timedelta:
    """Read a duration of Prometheus; raises ValueError."""
    if re.fullmatch(r"0([a-z]{1,2})?", str(text)):
        return timedelta(0)
    found: timedelta = promql_parser.parse_duration(str(text))
    return found


def load(folder: Path, root: Path = ROOT) -> Loaded:
    """Read a folder; what cannot be read becomes a problem of `yaml/parse`."""
    groups: list[Group] = []
    unreadable: list[Problem] = []
    configuration: dict[str, Any] = {}
    for path in (folder / "prometheus.yml", *sorted(folder.glob(RULES))):
        if not path.is_file():
            continue
        try:
            if path.name == "prometheus.yml":
                configuration = _mapping(_read(path)[0])
            else:
                groups.extend(list(_groups(path, _evaluation(configuration))))
        except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"not readable: {' '.join(str(error).split())}"
            unreadable.append(Problem("yaml/parse", str(path), message))
    return Loaded(folder, root, tuple(groups), tuple(unreadable), configuration)


def _mapping(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise TypeError("no mapping of names to settings")
    return document


def _evaluation(configuration: dict[str, Any]) -> timedelta:
    said = configuration.get("global", {}).get("evaluation_interval")
    return DEFAULT_INTERVAL if said is None else duration_of(said)


def _read(path: Path) -> tuple[Any, Any]:
    """Return a document and its nodes, which know their lines."""
    loader = LOADER(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        return (None if node is None else loader.construct_document(node)), node
    finally:
        loader.dispose()


def _groups(path: Path, evaluation: timedelta) -> Iterator[Group]:
    document, node = _read(path)
    groups = _mapping(document)["groups"]
    for group, its_node in zip(groups, _value(node, "groups").value, strict=True):
        said = group.get("interval")
        interval = evaluation if said is None else duration_of(said)
        lines = [rule.start_mark.line + 1 for rule in _value(its_node, "rules").value]
        rules = tuple(
            _rule(path, line, str(group["name"]), interval, rule)
            for line, rule in zip(lines, group["rules"], strict=True)
        )
        yield Group(path, its_node.start_mark.line + 1, str(group["name"]), interval, rules)


def _value(node: Any, key: str) -> Any:  # noqa: ANN401  # nodes differ in what they hold
    for name, value in node.value:
        if name.value == key:
            return value
    raise LookupError(key)


def _rule(
    path: Path, line: int, group: str, interval: timedelta, rule: dict[str, Any]
) -> WrittenRule:
    expr, tree, error = str(rule["expr"]), None, ""
    try:
        tree = parse(expr)
    except ValueError as cause:
        error = " ".join(str(cause).split())
    return WrittenRule(
        path,
        line,
        group,
        interval,
        "alert" in rule,
        str(rule["alert"] if "alert" in rule else rule["record"]),
        expr,
        tree,
        error,
        {key: str(rule[key]) for key in ("for", "keep_firing_for") if key in rule},
        {str(k): str(v) for k, v in (rule.get("labels") or {}).items()},
        {str(k): str(v) for k, v in (rule.get("annotations") or {}).items()},
    )
