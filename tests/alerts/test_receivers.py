"""Every receiver is told by its channel and writes to the incident log; secrets stay in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts import places
from alerts.alertmanager_config import alertmanager_document
from alerts.reading.told import CONFIG
from alerts.receivers import receivers
from alerts.rule_files import dump
from tests.alerts.generated import write_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

# Fields of Alertmanager that hold a secret; each has a twin that ends in _file.
SECRET_FIELDS = {
    "api_key",
    "api_url",
    "bearer_token",
    "credentials",
    "password",
    "routing_key",
    "secret_key",
    "service_key",
    "slack_api_url",
    "smtp_auth_password",
}


def by_name() -> dict[str, dict[str, Any]]:
    return {str(receiver["name"]): receiver for receiver in receivers()}


def fields(node: object) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield name, value
            yield from fields(value)
    elif isinstance(node, list):
        for value in node:
            yield from fields(value)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("pager", {"pagerduty_configs"}),
        ("chat", {"slack_configs"}),
        ("unrouted", {"slack_configs"}),
        ("ticket", {"email_configs"}),
        ("ticket-dba", {"email_configs"}),
        ("mail", {"email_configs"}),
        ("mail-finance", {"email_configs", "sns_configs"}),
        ("heartbeat", set()),
    ],
)
def test_a_receiver_is_told_by_its_channels_and_the_log(name: str, channels: set[str]) -> None:
    receiver = by_name()[name]
    assert receiver.keys() == {"name", "webhook_configs"} | channels
    log = {"url": f"{places.WEBHOOK}/{name}", "send_resolved": True}
    assert receiver["webhook_configs"][-1] == log
    urls = [webhook["url"] for webhook in receiver["webhook_configs"][:-1]]
    expected = {"ticket": [places.TICKETS], "ticket-dba": [places.TICKETS]}
    assert urls == {**expected, "heartbeat": [places.HEARTBEAT]}.get(name, [])


def test_mail_goes_to_whom_it_concerns() -> None:
    to = {
        name: [mail["to"] for mail in receiver["email_configs"]]
        for name, receiver in by_name().items()
        if "email_configs" in receiver
    }
    assert to == {
        "ticket": [places.MAIL_ON_CALL],
        "ticket-dba": [places.MAIL_DBA],
        "mail": [places.MAIL_ON_CALL],
        "mail-finance": [places.MAIL_FINANCE],
    }


def test_what_has_a_state_is_told_of_the_end_and_a_mailbox_is_not() -> None:
    found = {
        kind: {entry["send_resolved"] for entry in entries}
        for receiver in receivers()
        for kind, entries in receiver.items()
        if isinstance(entries, list) and kind != "webhook_configs"
    }
    assert found == {
        "pagerduty_configs": {True},
        "slack_configs": {True},
        "email_configs": {False},
        "sns_configs": {False},
    }


def test_every_secret_is_a_file() -> None:
    found = dict(fields(alertmanager_document()))
    assert not SECRET_FIELDS & found.keys()
    files = {value for name, value in fields(alertmanager_document()) if name.endswith("_file")}
    assert files == {
        f"{places.SECRETS}/{name}"
        for name in ("pagerduty-routing-key", "slack-api-url", "smtp-password", "ticket-token")
    }


def test_amtool_accepts_what_is_generated_and_its_templates(amtool: Run, tmp_path: Path) -> None:
    done = amtool("check-config", write_folder(tmp_path) / CONFIG)
    assert done.returncode == 0, done.stdout
    assert "1 templates" in done.stdout
    assert f"{len(receivers())} receivers" in done.stdout


def test_amtool_rejects_a_secret_that_is_given_twice(amtool: Run, tmp_path: Path) -> None:
    document: dict[str, Any] = alertmanager_document()
    document["global"]["slack_api_url"] = "https://chat.example/hook"
    write_folder(tmp_path)
    (tmp_path / CONFIG).write_text(dump(document))
    assert amtool("check-config", tmp_path / CONFIG).returncode != 0
