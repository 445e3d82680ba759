"""routes/amlint: what amlint finds in Alertmanager's configuration, but for what is meant so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from amlint.linter import lint
from amlint.rules import RulesError, load_rules

from alerts.reading.problem import Problem
from alerts.reading.told import CONFIG
from alerts.routing import EXPLAINED, SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amlint.linter import Finding

    from alerts.reading.loaded import Loaded

ID = "routes/amlint"
PLACE = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")
# There is one of each in a deployment, and what they explain is seen from elsewhere.
ONE_OF_A_KIND = {f'alertname="{source}"' for source, _, equal in EXPLAINED if not equal}


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a finding, of any level; a file that is no mapping is one."""
    folder = loaded.folder
    path = folder / CONFIG
    try:
        config = yaml.safe_load(path.read_text())
        rules, _ = load_rules([str(rules) for rules in sorted(folder.glob("*.rules.yml"))])
    except (OSError, yaml.YAMLError, RulesError) as error:
        yield Problem(ID, str(path), f"not to be read: {' '.join(str(error).split())}")
        return
    if not isinstance(config, dict):
        yield Problem(ID, str(path), "no configuration of Alertmanager")
        return
    for finding in lint(config, basedir=str(folder), rules=rules):
        if not _meant(finding, config):
            yield Problem(ID, f"{path}: {finding.where}", f"{finding.msg} ({finding.code})")


def _meant(finding: Finding, config: dict[str, Any]) -> bool:
    """Tell whether a finding is about what the configuration does on purpose."""
    place = _place(finding.where, config)
    match finding.code:
        case "repeat-before-group":
            # A repeat of just the interval would come too early at every second flush.
            return bool(place.get("receiver") == "heartbeat")
        case "inhibit-no-equal":
            return place == SILENT or ONE_OF_A_KIND.issuperset(place["source_matchers"])
        case "inhibit-same-match":
            # Of one severity the fast burn mutes the slow one: they differ in another label.
            return len(place["source_matchers"]) > 1
    return False


def _place(where: str, config: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever stands there
    """Follow a path like `route.routes[0]`; one that leads nowhere gives an empty mapping."""
    node: Any = config
    try:
        for key, index in PLACE.findall(where):
            node = node[key][int(index)] if index else node[key]
    except (LookupError, TypeError):
        return {}
    return node
