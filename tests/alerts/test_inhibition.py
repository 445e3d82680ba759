"""What a real Alertmanager mutes, of alerts with the labels that the rules give them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from alerts.artifacts import GENERATED
from alerts.burn_rate import alert_rules
from alerts.rule_files import FORMATS, render_all
from app.local.monitoring import ALERTMANAGER_CONFIG, prepare_alertmanager
from app.local.ports import HOST
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from slo.objectives import DECK_LATENCY, SWIPE_LATENCY
from tests.alerts.kinds import GROUPS
from tests.ports import find_port
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from slo.model import Slo

    Start = Callable[[Path], "Alertmanager"]

# A pair of windows of an SLO, and the value of its group if it has any.
Told = tuple[str, str, str]
PAGE_FAST, PAGE_SLOW, TICKET_FAST, TICKET_SLOW = "1h", "6h", "1d", "3d"


class Alertmanager:
    """A running Alertmanager, and what it was told."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api

    def tell(self, slo: Slo, *windows: str, region: str = "", over: bool = False) -> None:
        """Send the alerts of some long windows, as firing or as over; `""` is that of no data."""
        rules = [rule for rule in alert_rules(slo) if rule.labels.get("long_window", "") in windows]
        assert len(rules) == len(windows)
        now = datetime.now(UTC)
        ends = now - timedelta(seconds=1) if over else now + timedelta(hours=1)
        document = [
            {
                "labels": {
                    "alertname": rule.alert,
                    **rule.document()["labels"],  # type: ignore[dict-item]
                    **({"region": region} if region else {}),
                },
                "startsAt": (now - timedelta(minutes=1)).isoformat(),
                "endsAt": ends.isoformat(),
            }
            for rule in rules
        ]
        self._api.post("/alerts", json=document).raise_for_status()

    def shown(self) -> dict[Told, bool]:
        """Return which alerts fire, and whether each is muted by another one."""
        return {
            (
                alert["labels"]["sloth_slo"],
                alert["labels"].get("long_window", ""),
                alert["labels"].get("region", ""),
            ): bool(alert["status"]["inhibitedBy"])
            for alert in self._api.get("/alerts").raise_for_status().json()
        }

    def comes_to_show(self, expected: dict[Told, bool]) -> None:
        """Wait until it shows just this: it reads what it was sent a moment later."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.shown() != expected and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.shown() == expected


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts Alertmanager with the configuration in a folder."""
    supervisor = Supervisor(tmp_path, Stop())
    clients = ExitStack()

    def run(folder: Path) -> Alertmanager:
        port = find_port()
        tool = find_tool("alertmanager", TOOLS, print)
        config = folder / ALERTMANAGER_CONFIG
        service = prepare_alertmanager(tool, config, tmp_path / "data", port)
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        url = f"http://{HOST}:{port}/api/v2"
        return Alertmanager(
            clients.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=10))
        )

    try:
        yield run
    finally:
        clients.close()
        supervisor.stop_all()


def test_a_page_mutes_the_tickets_of_its_slo_until_it_is_over(start: Start) -> None:
    alertmanager = start(GENERATED)
    swipe, deck = SWIPE_LATENCY.id, DECK_LATENCY.id
    alertmanager.tell(SWIPE_LATENCY, TICKET_FAST, TICKET_SLOW, "")
    alertmanager.tell(DECK_LATENCY, TICKET_SLOW)
    others = {(swipe, "", ""): False, (deck, TICKET_SLOW, ""): False}
    tickets = {(swipe, TICKET_FAST, ""): False, (swipe, TICKET_SLOW, ""): True}
    alertmanager.comes_to_show({**others, **tickets})
    alertmanager.tell(SWIPE_LATENCY, PAGE_FAST, PAGE_SLOW)
    pages = {(swipe, PAGE_FAST, ""): False, (swipe, PAGE_SLOW, ""): True}
    alertmanager.comes_to_show({**others, **pages, **dict.fromkeys(tickets, True)})
    alertmanager.tell(SWIPE_LATENCY, PAGE_FAST, over=True)
    alertmanager.comes_to_show(
        {**others, (swipe, PAGE_SLOW, ""): False, **dict.fromkeys(tickets, True)}
    )
    alertmanager.tell(SWIPE_LATENCY, PAGE_SLOW, over=True)
    alertmanager.comes_to_show({**others, **tickets})


def test_a_group_mutes_itself_and_no_other_one(start: Start, tmp_path: Path) -> None:
    muting = FORMATS["alertmanager"](render_all([GROUPS, SWIPE_LATENCY]), {})
    (tmp_path / ALERTMANAGER_CONFIG).write_text(
        f"route: {{receiver: nobody}}\nreceivers: [{{name: nobody}}]\n{muting}"
    )
    alertmanager = start(tmp_path)
    alertmanager.tell(GROUPS, PAGE_FAST, TICKET_FAST, region="north")
    alertmanager.tell(GROUPS, TICKET_FAST, region="south")
    # An SLO without groups has no such label, and is muted all the same.
    alertmanager.tell(SWIPE_LATENCY, PAGE_SLOW, TICKET_FAST)
    alertmanager.comes_to_show(
        {
            (GROUPS.id, PAGE_FAST, "north"): False,
            (GROUPS.id, TICKET_FAST, "north"): True,
            (GROUPS.id, TICKET_FAST, "south"): False,
            (SWIPE_LATENCY.id, PAGE_SLOW, ""): False,
            (SWIPE_LATENCY.id, TICKET_FAST, ""): True,
        }
    )
