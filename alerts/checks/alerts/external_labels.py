"""alerts/external_labels: templates show only external labels that Prometheus is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.queries import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/external_labels"
NAMED = re.compile(r"(?:\$externalLabels|\.ExternalLabels)\.([A-Za-z_]\w*)")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an external label that prometheus.yml does not set."""
    given = loaded.prometheus.get("global", {}).get("external_labels") or {}
    for rule in loaded.alerts:
        texts = (*rule.labels.values(), *rule.annotations.values())
        asked = {name for text in texts for action in code(text) for name in NAMED.findall(action)}
        for name in sorted(asked - set(given)):
            yield rule.problem(ID, f"shows $externalLabels.{name}, which prometheus.yml lacks")
