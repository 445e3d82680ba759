from __future__ import annotations

import re

from alerts.reading.loaded import ROOT, duration_of
from alerts.reading.retention import RETENTION
from app.local.monitoring import RETENTION as STARTED_WITH


def test_windows_are_held_against_what_prometheus_is_started_with() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    (composed,) = re.findall(r"--storage\.tsdb\.retention\.time=(\w+)", compose)
    assert duration_of(STARTED_WITH) == duration_of(composed) == RETENTION
