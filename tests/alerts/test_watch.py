"""A watch is refused when it pages nobody, and says what its reader needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from alerts.levels import Level
from alerts.model import AlertSeverity
from alerts.rule_files import dump
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Floor, Past, Team, Watch, panel_of
from app.telemetry.model import Kind, Label, Metric
from slo.promql import Selector
from tests.alerts.played import Play, mistakes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import Run

HEAT = Metric("heat", Kind.GAUGE, "Heat.", "", (Label("rack", bound="number of racks"),))


def signal(record: str, *labels: str, unit: Unit = Unit.SHARE) -> Signal:
    """Return a signal that keeps these labels."""
    of = Level(Selector(HEAT, "heat", ()), labels)
    return Signal(record, "Heat", "How hot it is.", unit, of, Dashboard.INFRASTRUCTURE)


HOT = Watch(
    "RackHot",
    signal("instance:heat:ratio", "job", "instance", "rack"),
    Past.ABOVE,
    Fraction("0.05"),
    timedelta(minutes=5),
    AlertSeverity.CRITICAL,
    Channel.PAGER,
    Team.PLATFORM,
    AlertType.SYMPTOM,
    "A rack is hot.",
    "It is about to switch itself off.",
)
CALM = {"severity": AlertSeverity.WARNING, "channel": Channel.TICKET}
WARM = replace(HOT, alert="RackWarm", **CALM)  # type: ignore[arg-type]
SENT = "It is about to switch itself off. Now {}, for 5m above {}, job a."
# Unit, threshold, value, and how both are read.
READ = [
    (Unit.SHARE, "0.05", 0.1234, "12.34%", "5 %"),
    (Unit.SECONDS, "0.5", 90.0, "1m 30s", "0.5 s"),
    (Unit.HOURS, "26", 26.52, "26.5 h", "26 h"),
    (Unit.DAYS, "14", 15.0, "15.0 d", "14 d"),
    *(
        (unit, "100", 2500.0, "2.5k", "100")
        for unit in Unit
        if unit not in (Unit.SHARE, Unit.SECONDS, Unit.HOURS, Unit.DAYS)
    ),
]


def test_an_alert_whose_name_is_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="alert 'rackHot': PascalCase"):
        replace(HOT, alert="rackHot").rule()


@pytest.mark.parametrize("severity", [AlertSeverity.WARNING, AlertSeverity.INFO])
def test_a_page_for_what_is_not_critical_is_refused(severity: AlertSeverity) -> None:
    with pytest.raises(ValueError, match="alert RackHot: critical is paged, and nothing else is"):
        replace(HOT, severity=severity)


@pytest.mark.parametrize("channel", [each for each in Channel if each is not Channel.PAGER])
def test_a_critical_alert_that_pages_nobody_is_refused(channel: Channel) -> None:
    with pytest.raises(ValueError, match="alert RackHot: critical is paged, and nothing else is"):
        replace(HOT, channel=channel)


def test_an_alert_carries_the_labels_by_which_it_finds_its_reader() -> None:
    labels = {"alert_type": "symptom", "team": "platform", "channel": "pager"}
    assert HOT.rule().labels == labels
    assert HOT.rule().severity is AlertSeverity.CRITICAL
    document = HOT.rule().document()
    assert document["labels"] == labels | {"severity": "critical"}
    assert document["for"] == "5m"


def test_only_a_page_goes_on_after_its_condition_has_ended() -> None:
    assert HOT.rule().document()["keep_firing_for"] == "5m"
    assert "keep_firing_for" not in WARM.rule().document()


def test_an_alert_leads_to_its_runbook_and_to_what_it_compares_as_it_was() -> None:
    rule = HOT.rule()
    board = "http://localhost:3000/d/infrastructure/infrastructure"
    # Racks are no variable of a dashboard.
    target = "&var-job={{ $labels.job }}&var-instance={{ $labels.instance }}"
    panel = f"viewPanel=panel-{HOT.signal.panel}"
    assert rule.annotations == {
        "runbook_url": "http://localhost:9464/runbooks/RackHot",
        "dashboard_url": f"{board}?{panel}&from=now-3h&to=now{target}",
    }
    assert rule.summary == "A rack is hot."


def test_the_panel_that_a_link_leads_to_is_read_off_it() -> None:
    link = HOT.rule().annotations["dashboard_url"]
    assert panel_of(link) == ("infrastructure", HOT.signal.panel)
    assert panel_of(HOT.rule().annotations["runbook_url"]) is None
    assert panel_of(link.replace("/infrastructure?", "/cost?")) is None
    assert panel_of(link.replace("panel-", "")) is None


@pytest.mark.parametrize(
    ("labels", "variables"),
    [((), ""), (("rack",), ""), (("job",), "&var-job={{ $labels.job }}")],
    ids=["none", "another", "job"],
)
def test_a_link_chooses_only_what_the_signal_tells_apart(
    labels: tuple[str, ...], variables: str
) -> None:
    watch = replace(HOT, signal=signal("instance:heat:ratio", *labels))
    assert watch.rule().annotations["dashboard_url"].endswith(f"&to=now{variables}")


def test_a_description_names_the_value_the_wait_the_limit_and_every_label() -> None:
    below = replace(HOT, past=Past.BELOW, signal=signal("job:heat:n", "rack", unit=Unit.NUMBER))
    assert below.rule().description == (
        "It is about to switch itself off. "
        "Now {{ $value | humanize }}, for 5m below 0.05, rack {{ $labels.rack }}."
    )
    at_once = replace(below, wait=timedelta(), signal=signal("job:heat:n", unit=Unit.NUMBER))
    assert at_once.rule().description.endswith("Now {{ $value | humanize }}, below 0.05.")
    assert "for" not in at_once.rule().document()


def test_every_unit_is_read_as_it_is_meant(promtool: Run, tmp_path: Path) -> None:
    assert {unit for unit, *_ in READ} == set(Unit)
    watches = [
        replace(
            WARM,
            alert=f"Heat{unit.name.replace('_', '').title()}",
            signal=signal(f"job:heat:{unit.name.lower()}", "job", unit=unit),
            threshold=Fraction(threshold),
        )
        for unit, threshold, *_ in READ
    ]
    told = [{"eval_time": "10m", "alertname": watch.alert, "exp_alerts": [{}]} for watch in watches]
    inputs = [
        {"series": f'{watch.signal.record}{{job="a"}}', "values": f"{row[2]}x20"}
        for watch, row in zip(watches, READ, strict=True)
    ]
    rules = {"groups": [{"name": "heat", "rules": [each.rule().document() for each in watches]}]}
    (tmp_path / "heat.yml").write_text(dump(rules))
    test = {"interval": "1m", "input_series": inputs, "alert_rule_test": told}
    suite = tmp_path / "suite.yml"
    suite.write_text(dump({"rule_files": ["heat.yml"], "tests": [test]}))
    # Nothing is expected, so promtool says of each what it has got.
    said = promtool("test", "rules", suite).stdout
    for _, _, _, value, limit in READ:
        assert SENT.format(value, limit) in said


@pytest.mark.parametrize(
    ("mine", "its", "shared"),
    [
        (("job", "instance"), ("job",), "job"),
        (("job",), ("job", "rack"), "job"),
        (("job", "rack"), ("rack", "job"), "job, rack"),
        (("job",), (), ""),
    ],
)
def test_a_floor_is_compared_by_the_labels_that_both_have(
    mine: tuple[str, ...], its: tuple[str, ...], shared: str
) -> None:
    floor = Floor(signal("job:heat:many", *its), Fraction(20))
    watch = replace(HOT, signal=signal("instance:heat:ratio", *mine), floor=floor)
    assert watch.expression() == (
        f"instance:heat:ratio > 0.05 and on ({shared}) job:heat:many > 20"
    )


def test_a_watch_speaks_past_its_threshold_and_above_its_floor_only(tmp_path: Path) -> None:
    few, many = 'job:heat:many{job="few"}', 'job:heat:many{job="many"}'
    above = replace(HOT, floor=Floor(signal("job:heat:many", "job"), Fraction(20)))
    below = replace(above, past=Past.BELOW)
    inputs = {
        'instance:heat:ratio{job="few",instance="a"}': "0.06 0.04",
        'instance:heat:ratio{job="many",instance="a"}': "0.06 0.04",
        'instance:heat:ratio{job="many",instance="b"}': "0.05 0.05",
        'instance:heat:ratio{job="unknown",instance="b"}': "0.06 0.04",
        few: "20x1",
        many: "20.5x1",
    }
    told = '{job="many",instance="a"}'
    plays = [
        Play("above", above.expression(), inputs, {0: {told: 0.06}}),
        Play("below", below.expression(), inputs, {1: {told: 0.04}}),
        Play(
            "alone",
            replace(HOT, floor=None).expression(),
            {told_by("a"): "0.06"},
            {0: {told: 0.06}},
        ),
    ]
    assert mistakes(tmp_path, plays) == {}


def told_by(instance: str) -> str:
    return f'instance:heat:ratio{{job="many",instance="{instance}"}}'
