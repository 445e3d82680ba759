"""How each receiver is told; every one also writes to the incident log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    Config = Mapping[str, object]

TITLE = '{{ template "petswipe.title" . }}'
SILENCE = '{{ template "petswipe.silence" . }}'
RUNBOOK = '{{ template "petswipe.runbook" . }}'
DASHBOARD = '{{ template "petswipe.dashboard" . }}'


def receivers() -> list[dict[str, object]]:
    """Return every receiver that a route names."""
    return [
        _receiver("unrouted", slack_configs=[_slack(places.CHAT_OF_ROUTES)]),
        _receiver("pager", pagerduty_configs=[_pagerduty()]),
        _receiver("chat", slack_configs=[_slack(places.CHAT)]),
        _receiver("ticket", [_ticket()], email_configs=[_email(places.MAIL_ON_CALL)]),
        _receiver("ticket-dba", [_ticket()], email_configs=[_email(places.MAIL_DBA)]),
        _receiver("mail", email_configs=[_email(places.MAIL_ON_CALL)]),
        _receiver(
            "mail-finance", email_configs=[_email(places.MAIL_FINANCE)], sns_configs=[_sns()]
        ),
        # A heartbeat that ends is no message: the service that waits for it tells of that.
        _receiver("heartbeat", [{"url": places.HEARTBEAT, "send_resolved": False}]),
    ]


def global_settings() -> dict[str, object]:
    """Return what receivers of one kind share."""
    return {
        # For alerts that come without an end; those of Prometheus have one.
        "resolve_timeout": "5m",
        "smtp_smarthost": places.SMARTHOST,
        "smtp_from": places.MAIL_FROM,
        "smtp_auth_username": places.MAIL_USER,
        "smtp_auth_password_file": secret("smtp-password"),
        "smtp_require_tls": True,
        "slack_api_url_file": secret("slack-api-url"),
    }


def secret(name: str) -> str:
    """Return the file that holds a secret."""
    return f"{places.SECRETS}/{name}"


def _receiver(
    name: str, webhooks: list[Config] | None = None, **channels: list[Config]
) -> dict[str, object]:
    log = {"url": f"{places.WEBHOOK}/{name}", "send_resolved": True}
    return {"name": name, **channels, "webhook_configs": [*(webhooks or []), log]}


def _pagerduty() -> Config:
    return {
        "routing_key_file": secret("pagerduty-routing-key"),
        # PagerDuty closes the incident by it.
        "send_resolved": True,
        "client": "PetSwipe Alertmanager",
        "client_url": "{{ .ExternalURL }}",
        "description": TITLE,
        "severity": "critical",
        "class": "{{ .CommonLabels.alert_type }}",
        "component": "{{ .CommonLabels.job }}",
        "group": "{{ .CommonLabels.team }}",
        "details": {
            "alerts": '{{ template "petswipe.text" . }}',
            "firing": "{{ .Alerts.Firing | len }}",
            "resolved": "{{ .Alerts.Resolved | len }}",
            "runbook": RUNBOOK,
            "dashboard": DASHBOARD,
            "silence": SILENCE,
        },
        "links": [
            {"href": RUNBOOK, "text": "Runbook"},
            {"href": DASHBOARD, "text": "Dashboard"},
            {"href": SILENCE, "text": "Silence"},
        ],
    }


def _slack(channel: str) -> Config:
    return {
        "channel": channel,
        # Who reads it later sees that it is over.
        "send_resolved": True,
        "color": '{{ template "petswipe.colour" . }}',
        "title": '{{ template "petswipe.slack.title" . }}',
        "title_link": DASHBOARD,
        "fallback": TITLE,
        "text": '{{ template "petswipe.slack.text" . }}',
        "mrkdwn_in": ["text"],
        "actions": [
            {"type": "button", "text": "Runbook", "url": RUNBOOK},
            {"type": "button", "text": "Dashboard", "url": DASHBOARD},
            {"type": "button", "text": "Silence", "url": SILENCE},
        ],
    }


def _ticket() -> Config:
    token = {"type": "Bearer", "credentials_file": secret("ticket-token")}
    # The ticket system closes a ticket that nobody has begun with. An end outside of working hours
    # is lost, not late: Alertmanager forgets it. Whoever takes the ticket sees it on the panel.
    return {"url": places.TICKETS, "send_resolved": True, "http_config": {"authorization": token}}


def _email(to: str) -> Config:
    return {
        "to": to,
        # A second mail about nothing to do any more is noise; the ticket and the log have it.
        "send_resolved": False,
        "headers": {"Subject": TITLE},
        "html": '{{ template "petswipe.email.html" . }}',
        "text": '{{ template "petswipe.text" . }}',
    }


def _sns() -> Config:
    return {
        "topic_arn": places.SNS_TOPIC,
        # Credentials are those of the machine's role.
        "sigv4": {"region": places.SNS_REGION},
        "send_resolved": False,
        "subject": TITLE,
        "message": '{{ template "petswipe.text" . }}',
    }
