"""The messages of a real Alertmanager, as PagerDuty, Slack, a mailbox and SNS get them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from aiosmtpd.controller import Controller

from alerts import places
from alerts.alertmanager_config import TEMPLATES
from alerts.artifacts import GENERATED
from alerts.reading.told import CONFIG
from app.local.ports import HOST
from tests.alerts.generated import labels_of, write_folder
from tests.alerts.messages import Mailbox, Told, here
from tests.alerts.sink import comes_true, listening
from tests.alerts.told_by import alertmanager
from tests.ports import find_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

RUNBOOK = "http://localhost:9464/runbooks/CpuHigh"
DASHBOARD = "http://localhost:3000/d/infrastructure/infrastructure?viewPanel=7&from=now-3h&to=now"
ANNOTATIONS = {
    "summary": "The CPU is busy.",
    "description": "87 % of <all> & sundry, more than 80 %.",
    "runbook_url": RUNBOOK,
    "dashboard_url": DASHBOARD,
}
# A label may hold anything.
ODD = 'a b+c"d\\e&f=<g>,{h}%20'
HOSTS = [f"host-{number:02}:9100" for number in range(12)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Tell Alertmanager of an alert for each channel, and wait until it has told everybody."""
    folder = write_folder(tmp_path_factory.mktemp("alertmanager"))
    mailbox = Mailbox()
    # It asks its own port whether it is there, and must know it.
    mail = Controller(mailbox, hostname=HOST, port=find_port())
    mail.start()
    smarthost = f"{HOST}:{mail.port}"
    try:
        with listening() as sink:
            (folder / CONFIG).write_text(here(folder, sink.url, smarthost))
            with alertmanager(folder / CONFIG, folder / "data") as running:
                yield tell_everybody(Told(running, sink, mailbox))
    finally:
        mail.stop()


def tell_everybody(told: Told) -> Told:
    cpu = [{**labels_of("CpuHigh"), "job": "node", "instance": host} for host in HOSTS]
    told.running.tell(*cpu, annotations=ANNOTATIONS)
    told.running.tell(
        {**labels_of("SlowQueries"), "job": "petswipe-api", "odd": ODD},
        labels_of("BudgetSpent"),
        {**labels_of("HighErrorRate"), "job": "petswipe-api"},
        annotations=ANNOTATIONS,
    )
    told.running.tell({**labels_of("Watchdog")}, {"alertname": "Stray"})
    paths = ("pagerduty", "slack", "sns/", "tickets", "beat")
    comes_true(lambda: all(told.sink.at(f"/{path}") for path in paths))
    comes_true(lambda: len(told.mailbox.messages) == 2 and len(told.sink.at("/slack")) == 2)
    return told


def assert_silences(told: Told, link: str, alert: str) -> None:
    """Follow the link of a silence: its matchers select just the alerts of the message."""
    address, _, query = link.partition("/#/silences/new?filter=")
    assert address == told.running.url
    assert re.fullmatch(r"[A-Za-z0-9%._-]+", query), "a character that is not encoded"
    text = unquote(query)
    assert text[0] + text[-1] == "{}"
    matchers = re.findall(r'[a-z_]+="(?:[^"\\]|\\.)*"', text[1:-1])
    assert ",".join(matchers) == text[1:-1]
    found = told.running.alerts(*matchers)
    assert {one["labels"]["alertname"] for one in found} == {alert}


def test_slack_gets_ten_alerts_of_a_group_and_the_number_of_the_others(told: Told) -> None:
    message = told.slack("CpuHigh")
    (part,) = message["attachments"]
    assert message["channel"] == places.CHAT
    assert part["title"] == "[warning x12] CpuHigh"
    assert part["title_link"] == DASHBOARD
    assert part["color"] == "warning"
    first, *lines, last = part["text"].strip().splitlines()
    assert first == "*The CPU is busy.*"
    assert last == "and 2 more"
    assert [line.split("`")[1] for line in lines] == HOSTS[:10]
    wanted = (
        r" since \d{4}-\d\d-\d\d \d\d:\d\d UTC: 87 % of &lt;all&gt; &amp; sundry, more than 80 %\."
    )
    assert all(re.fullmatch(wanted, line.split("`")[2]) for line in lines), lines
    buttons = {button["text"]: button["url"] for button in part["actions"]}
    assert (buttons["Runbook"], buttons["Dashboard"]) == (RUNBOOK, DASHBOARD)
    assert_silences(told, buttons["Silence"], "CpuHigh")


def test_an_alert_that_no_route_wants_is_told_to_who_owns_the_routes(told: Told) -> None:
    message = told.slack("Stray")
    assert message["channel"] == places.CHAT_OF_ROUTES
    (part,) = message["attachments"]
    assert part["title"] == "[firing] Stray"
    # Nobody wrote a runbook for it: the link leads to its expression.
    assert {button["url"] for button in part["actions"][:2]} == {
        "http://prometheus:9090/graph?g0.expr=up&g0.tab=1"
    }


def test_a_page_says_what_where_and_what_to_read_and_is_closed(told: Told) -> None:
    page = told.pages()[0]
    assert page["event_action"] == "trigger"
    assert page["routing_key"] == "k" * 32
    payload = page["payload"]
    assert payload["summary"] == "[critical] HighErrorRate in petswipe-api: The CPU is busy."
    assert [payload[name] for name in ("severity", "class", "component", "group")] == [
        "critical",
        "symptom",
        "petswipe-api",
        "adoption",
    ]
    assert ANNOTATIONS["description"] in payload["custom_details"]["alerts"]
    links = {link["text"]: link["href"] for link in page["links"]}
    assert (links["Runbook"], links["Dashboard"]) == (RUNBOOK, DASHBOARD)
    assert_silences(told, links["Silence"], "HighErrorRate")
    told.running.tell({**labels_of("HighErrorRate"), "job": "petswipe-api"}, over=True)
    comes_true(lambda: len(told.pages()) > 1)
    last = told.pages()[-1]
    assert last["event_action"] == "resolve"
    assert last["dedup_key"] == page["dedup_key"]


def test_a_mail_has_its_links_whatever_a_label_holds(told: Told) -> None:
    mail = told.mail("SlowQueries")
    assert mail["To"] == places.MAIL_DBA
    assert mail["Subject"] == "[warning] SlowQueries in petswipe-api: The CPU is busy."
    body = mail.get_body(("html",))
    assert body is not None
    text = body.get_content()
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text)]
    assert links[:2] == [RUNBOOK, DASHBOARD]
    assert_silences(told, links[2], "SlowQueries")
    assert "87 % of &lt;all&gt; &amp; sundry" in text
    assert "odd=a b&#43;c&#34;d\\e&amp;f=&lt;g&gt;,{h}%20" in text
    plain = mail.get_body(("plain",))
    assert plain is not None
    written = plain.get_content().splitlines()
    assert f"Runbook: {RUNBOOK}" in written
    (silence,) = (line.removeprefix("Silence: ") for line in written if "Silence: " in line)
    assert_silences(told, silence, "SlowQueries")


def test_finance_is_told_by_mail_and_by_sns(told: Told) -> None:
    assert told.mail("BudgetSpent")["To"] == places.MAIL_FINANCE
    form = parse_qs(told.sink.at("/sns/")[0].body)
    assert form["TopicArn"] == [places.SNS_TOPIC]
    assert form["Subject"] == ["[warning] BudgetSpent: The CPU is busy."]
    assert f"Dashboard: {DASHBOARD}" in form["Message"][0]
    assert urlsplit(form["Message"][0].rpartition("Silence: ")[2]).netloc in told.running.url


def test_the_ticket_system_is_told_with_its_token(told: Told) -> None:
    (request,) = told.sink.at("/tickets")
    assert request.authorization == "Bearer token-of-tickets"
    assert json.loads(request.body)["commonLabels"]["alertname"] == "SlowQueries"


def test_the_log_has_what_each_receiver_was_told(told: Told) -> None:
    wanted = {
        "pager": "HighErrorRate",
        "chat": "CpuHigh",
        "ticket-dba": "SlowQueries",
        "mail-finance": "BudgetSpent",
        "heartbeat": "Watchdog",
        "unrouted": "Stray",
    }
    comes_true(lambda: all(told.sink.at(f"/log/{name}") for name in wanted))
    for name, alert in wanted.items():
        message = json.loads(told.sink.at(f"/log/{name}")[0].body)
        assert (message["receiver"], message["commonLabels"]["alertname"]) == (name, alert)


@pytest.mark.parametrize(
    ("status", "severity", "colour"),
    [
        ("firing", "critical", "danger"),
        ("firing", "warning", "warning"),
        ("firing", "info", "#439fe0"),
        ("resolved", "critical", "good"),
    ],
)
def test_a_colour_says_how_grave_it_is(
    status: str, severity: str, colour: str, amtool: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"status": status, "commonLabels": {"severity": severity}}))
    done = amtool(
        "template",
        "render",
        f"--template.glob={GENERATED / TEMPLATES}",
        '--template.text={{ template "petswipe.colour" . }}',
        f"--template.data={data}",
    )
    assert done.stdout == colour
