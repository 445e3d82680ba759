"""The ids that a waiver may name: of every rule that some command of this repository judges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.rules.model import Rule

ROOT = Path(__file__).parent.parent
# One file of waivers serves all commands, each of which reads its own rules.
FOLDERS = (ROOT / "scenarios", ROOT / "regression")


def known_rules(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the ids of these rules, of all service levels, and of the rules that we ship."""
    shipped = (path for folder in FOLDERS for path in sorted(folder.glob("*.yml")))
    found = [rule["id"] for path in shipped for rule in yaml.safe_load(path.read_text())["rules"]]
    ids = [*(rule.id for rule in rules), *(slo.id for slo in OBJECTIVES), *found]
    return tuple(dict.fromkeys(ids))
