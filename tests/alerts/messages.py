"""Everybody whom Alertmanager tells, on this machine: chat, pager, mailbox, SNS and webhooks."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from alerts import places
from alerts.alertmanager_config import alertmanager_document
from alerts.rule_files import dump

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from tests.alerts.sink import Sink
    from tests.alerts.told_by import Alertmanager


class Mailbox:
    """A mail server that keeps what it takes."""

    def __init__(self) -> None:
        """Begin empty."""
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  # its name
        """Take a message."""
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class Told:
    """What everybody was told, and by whom."""

    def __init__(self, running: Alertmanager, sink: Sink, mailbox: Mailbox) -> None:
        """Keep all three."""
        self.running = running
        self.sink = sink
        self.mailbox = mailbox

    def slack(self, alert: str) -> dict[str, Any]:
        """Return the first message to Slack about an alert."""
        return next(
            message
            for request in self.sink.at("/slack")
            if alert in (message := json.loads(request.body))["attachments"][0]["title"]
        )

    def pages(self) -> list[dict[str, Any]]:
        """List the events for PagerDuty."""
        return [json.loads(request.body) for request in self.sink.at("/pagerduty")]

    def mail(self, alert: str) -> EmailMessage:
        """Return the e-mail about an alert."""
        return next(one for one in self.mailbox.messages if alert in one["Subject"])


def here(folder: Path, url: str, smarthost: str) -> str:
    """Send all that goes out to this machine, soon, and at any time of the day."""
    for name, secret in (("slack-api-url", f"{url}/slack"), ("pagerduty-routing-key", "k" * 32)):
        (folder / name).write_text(secret)
    (folder / "ticket-token").write_text("token-of-tickets")
    document: dict[str, Any] = alertmanager_document()
    document["global"] |= {"smtp_smarthost": smarthost, "smtp_require_tls": False}
    for receiver in document["receivers"]:
        for page in receiver.get("pagerduty_configs", []):
            page["url"] = f"{url}/pagerduty"
        for topic in receiver.get("sns_configs", []):
            topic["api_url"] = f"{url}/sns"
            topic["sigv4"] |= {"access_key": "a", "secret_key": "b"}
    hurry(document["route"])
    always = {"name": "working-hours", "time_intervals": [{"years": ["2000:2998"]}]}
    document["time_intervals"] = [always, {"name": "holidays", "time_intervals": []}]
    text = dump(document).replace(places.SECRETS, str(folder))
    for place, path in ((places.TICKETS, "tickets"), (places.HEARTBEAT, "beat")):
        text = text.replace(place, f"{url}/{path}")
    return text.replace(places.WEBHOOK, f"{url}/log")


def hurry(route: dict[str, Any]) -> None:
    # All alerts of one request are in the first message.
    route |= {"group_wait": "500ms", "group_interval": "1s", "repeat_interval": "4h"}
    for child in route.get("routes", []):
        hurry(child)
