"""A real Alertmanager on a copy of a configuration, and alerts for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from app.local.monitoring import prepare_alertmanager
from app.local.ports import HOST
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from tests.ports import find_port
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Alertmanager:
    """A running Alertmanager."""

    def __init__(self, api: httpx.Client, url: str) -> None:
        self._api = api
        self.url = url

    def tell(
        self,
        *alerts: Mapping[str, str],
        over: bool = False,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Send alerts, as firing from now on or as over, in one request."""
        now = datetime.now(UTC)
        # One that began before the wait of its group is told of at once, without the others.
        begins, ends = now, now + timedelta(hours=1)
        if over:
            begins, ends = now - timedelta(minutes=1), now - timedelta(seconds=1)
        document = [
            {
                "labels": dict(labels),
                "annotations": dict(annotations or {}),
                "startsAt": begins.isoformat(),
                "endsAt": ends.isoformat(),
                "generatorURL": "http://prometheus:9090/graph?g0.expr=up&g0.tab=1",
            }
            for labels in alerts
        ]
        self._api.post("/alerts", json=document).raise_for_status()

    def alerts(self, *matchers: str) -> list[dict[str, Any]]:
        """List the alerts that it has, of all or of those that match."""
        answer = self._api.get("/alerts", params={"filter": list(matchers)})
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def groups(self) -> list[dict[str, Any]]:
        """List the groups in which it sends them."""
        found: list[dict[str, Any]] = self._api.get("/alerts/groups").raise_for_status().json()
        return found


@contextmanager
def alertmanager(config: Path, data: Path) -> Iterator[Alertmanager]:
    """Run Alertmanager on a configuration for as long as the block lasts."""
    data.mkdir()
    supervisor = Supervisor(data, Stop())
    port = find_port()
    tool = find_tool("alertmanager", TOOLS, print)
    service = prepare_alertmanager(tool, config, data / "storage", port)
    try:
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        url = f"http://{HOST}:{port}"
        with httpx.Client(base_url=f"{url}/api/v2", trust_env=False, timeout=10) as api:
            yield Alertmanager(api, url)
    finally:
        supervisor.stop_all()
