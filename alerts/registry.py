"""Every file of rules: its groups, and where they are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.burn_rate import slo_groups
from alerts.components.registry import COMPONENTS, component_groups
from alerts.signal import Dashboard, panel_id
from alerts.watch import links
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from alerts.model import RuleGroup
    from slo.model import Slo


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The groups of a file, and the module that declares them."""

    groups: tuple[RuleGroup, ...]
    source: str


class PanelLinks:
    """Leads from each alert of an SLO to its runbook, and to its panel of the SLO dashboard."""

    def of(self, alert: str, slo: Slo) -> dict[str, str]:
        """Return the annotations that link to both."""
        return links(alert, Dashboard.SLO, slo_panel(slo), ())


def slo_panel(slo: Slo) -> int:
    """Return the number of the panel that draws what the alerts of an SLO compare."""
    return panel_id(f"slo:{slo.id}:error_ratio")


RULE_FILES = {
    **{
        f"slo-{slo.id}.rules.yml": RuleFile(slo_groups(slo, PanelLinks()), "slo/objectives.py")
        for slo in OBJECTIVES
    },
    **{
        f"{name}.rules.yml": RuleFile(component_groups(name), f"alerts/components/{name}.py")
        for name in COMPONENTS
    },
}
