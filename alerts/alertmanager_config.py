"""The configuration of Alertmanager, for compose and the embedded stack alike."""

from __future__ import annotations

from alerts.receivers import global_settings, receivers
from alerts.routing import inhibit_rules, route, time_intervals
from slo.objectives import OBJECTIVES

# Beside the configuration; Alertmanager looks for it from there.
TEMPLATES = "templates/petswipe.tmpl"


def alertmanager_document() -> dict[str, object]:
    """Return alertmanager.yml: routes, muting, receivers, and where their words are."""
    groups = tuple(sorted({label for slo in OBJECTIVES for label in slo.group_by}))
    return {
        "global": global_settings(),
        "templates": [TEMPLATES],
        "route": route(),
        "inhibit_rules": inhibit_rules(groups),
        "time_intervals": time_intervals(),
        "receivers": receivers(),
    }
