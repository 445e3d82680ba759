"""Every group of rules, by the file that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.burn_rate import slo_groups
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from alerts.model import RuleGroup

RULE_FILES: dict[str, tuple[RuleGroup, ...]] = {
    f"slo-{slo.id}.rules.yml": slo_groups(slo) for slo in OBJECTIVES
}
