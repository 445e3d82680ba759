"""Checks of alerting rules: each with alerts that it rejects, and some that it accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.checks.alerts import absent, annotation, comparison, external_labels, template
from alerts.checks.alerts import description as alert_description
from alerts.checks.alerts import for_ as alert_for
from alerts.checks.alerts import name as alert_name
from alerts.checks.alerts import summary as alert_summary
from alerts.checks.promql import fragile
from alerts.checks.rules import for_ as rule_for
from alerts.checks.rules import guarded
from alerts.checks.rules import label as rule_label
from tests.alerts.checks.written import good, said, written

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

CHECKS = (
    *(absent, alert_description, alert_for, alert_name, alert_summary, annotation, comparison),
    *(external_labels, fragile, guarded, rule_for, rule_label, template),
)
RATE = "sum by (job) (rate(petswipe_swipes_total[5m])) > 1"
PANEL = "http://localhost:3000/d/cache/cache"
QUERY = '{{ with query "%s" }}{{ . | first | value }}{{ end }}'


def words(text: str) -> dict[str, str]:
    return {"description": text}


REJECTED: list[tuple[ModuleType, dict[str, Any], str]] = [
    (alert_name, {"alert": "cacheDown"}, "is not written in PascalCase"),
    (alert_name, {"alert": "Cache_Down"}, "is not written in PascalCase"),
    (alert_name, {"alert": "A" * 20 + "b" * 21}, "has 41 letters: at most 40"),
    (annotation, {"annotations": {"summary": None}}, "has no summary"),
    (annotation, {"annotations": {"description": " "}}, "has no description"),
    (annotation, {"annotations": {"runbook_url": None}}, "has no runbook_url"),
    (annotation, {"annotations": {"dashboard_url": None}}, "has no dashboard_url"),
    (annotation, {"alert": "CacheGone"}, "runbook_url is http://localhost:9464/runbooks/CacheDown"),
    (annotation, {"annotations": {"dashboard_url": PANEL}}, f"dashboard_url is {PANEL}: no panel"),
    (alert_summary, {"annotations": {"summary": "{{ $value }} gone."}}, "its summary has a templ"),
    (alert_summary, {"annotations": {"summary": "valkey is gone."}}, "its summary begins with no"),
    (alert_summary, {"annotations": {"summary": "Valkey is gone"}}, "its summary begins with no c"),
    (alert_description, {"annotations": words("It is gone.")}, "its description shows neither"),
    (template, {"annotations": words("{{ $labels.zone }}")}, "description shows $labels.zone, and"),
    (template, {"annotations": words("{{ .Labels.zone }}")}, "description shows $labels.zone, and"),
    (template, {"labels": {"zone": "{{ $labels.zone }}"}}, "zone shows $labels.zone, and the resu"),
    (template, {"labels": {"seen": "{{ $value }}"}}, "the label seen has the value in it"),
    (template, {"annotations": words("{{ $value")}, "description has braces that are not closed"),
    (template, {"expr": RATE, "annotations": words("{{ $value }}")}, "description shows $value wi"),
    (template, {"annotations": words(QUERY % "sum(")}, "a query of its template is no PromQL"),
    (template, {"annotations": words(QUERY % "redis_uptime")}, "no metric of the catalogue, no ex"),
    (template, {"annotations": words(QUERY % "redis_up{zone='a'}")}, "redis_up has no label zone"),
    (guarded, {"annotations": words(QUERY % "up / redis_up")}, "divides by redis_up, which can be"),
    (
        external_labels,
        {"annotations": words("{{ $externalLabels.site }}")},
        "shows $externalLabels.site, which prometheus.yml lacks",
    ),
    (comparison, {"expr": "instance:redis:up"}, "fires whatever the value is"),
    (comparison, {"expr": "instance:redis:up > bool 0"}, "fires whatever the value is"),
    (comparison, {"expr": "instance:redis:up < 1 or up"}, "fires whatever the value is"),
    (comparison, {"expr": "vector(1)"}, "fires whatever the value is"),
    (alert_for, {"for_": "0s"}, "for: 0s is what is done without it: leave it out"),
    (alert_for, {"for_": "soon"}, "for: soon is no duration like 5m"),
    (alert_for, {"keep_firing_for": "0"}, "keep_firing_for: 0 is what is done without it"),
    (absent, {"expr": "absent(redis_up)", "for_": "15s"}, "asks for what is absent: wait for two"),
    (absent, {"expr": "absent_over_time(redis_up[5m]) > 0", "for_": None}, "asks for what is abs"),
    (rule_for, {"for_": None}, "fires on one sample: wait for 30s, one evaluation"),
    (rule_for, {"for_": "15s"}, "fires on one sample: wait for 30s, one evaluation"),
    (rule_for, {"for_": "2h"}, "waits 2h: 1h at most"),
    (rule_for, {"for_": "20m", "labels": {"severity": "critical"}}, "waits 20m: 15m at most"),
    (rule_label, {"labels": {"severity": None}}, "has no severity: one of critical, warning, info"),
    (rule_label, {"labels": {"severity": "page"}}, "severity is page: one of critical, warning,"),
    (rule_label, {"labels": {"alert_type": "noise"}}, "alert_type is noise: one of symptom, cause"),
    (rule_label, {"labels": {"team": None}}, "has no team: one of adoption, platform"),
    (rule_label, {"labels": {"channel": "fax"}}, "channel is fax: one of pager, chat"),
    (
        rule_label,
        {"labels": {"severity": "critical"}},
        "goes to chat as critical: what is critical",
    ),
    (rule_label, {"labels": {"channel": "pager"}}, "goes to pager as warning: what is critical"),
    (fragile, {"expr": "topk(3, instance:redis:up) < 1"}, "topk() picks other series each time"),
    (
        fragile,
        {"expr": 'sum(up{job="redis"}) / sum(pg_up{job="postgres"}) > 1', "for_": None},
        "compares jobs that are not scraped at once",
    ),
]
# An SLO's alert of another team is routed by its severity.
OF_A_SPEC = {"sloth_id": "shop-cart", "team": None, "channel": None, "alert_type": None}
ACCEPTED: list[tuple[ModuleType, dict[str, Any]]] = [
    (annotation, {"annotations": {"dashboard_url": f"{PANEL}?viewPanel=panel-7&var-job=a"}}),
    (alert_name, {"alert": "HighLatencyP99"}),
    (alert_summary, {"annotations": {"summary": "Valkey is gone: 2 of 3 do not answer."}}),
    (external_labels, {"annotations": words("{{ $labels.instance }}")}),
    (alert_description, {"expr": "absent(redis_up)", "annotations": words("Nothing is there.")}),
    (template, {"expr": RATE, "annotations": words("{{ $value | humanize }} {{ $labels.job }}")}),
    (template, {"labels": {"zone": "{{ $labels.instance }}"}}),
    (template, {"annotations": words(QUERY % "redis_up{job='redis'} > 0")}),
    (template, {"annotations": words('{{ "$labels.zone" }}')}),
    (comparison, {"expr": "absent(redis_up) or instance:redis:up < 1"}),
    (comparison, {"expr": "redis_up and on (job) instance:redis:up == 0"}),
    (comparison, {"expr": "redis_up unless on (job) (instance:redis:up > 0)"}),
    (alert_for, {"for_": None}),
    (absent, {"expr": "absent(redis_up)", "for_": "30s"}),
    (rule_for, {"for_": None, "labels": {"channel": "heartbeat", "severity": "info"}}),
    (rule_for, {"for_": "15m", "labels": {"channel": "pager", "severity": "critical"}}),
    (rule_label, {"labels": {"channel": "pager", "severity": "critical"}}),
    (rule_label, {"labels": OF_A_SPEC}),
    (fragile, {"expr": 'sum(up{job="redis"}) / sum(pg_up{job="postgres"}) > 1'}),
    (fragile, {"expr": "max(redis_up) < 1", "for_": None}),
]


@pytest.mark.parametrize(("check", "changes", "message"), REJECTED)
def test_a_wrong_alert_is_found(
    check: ModuleType, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    rule = good(**changes)
    found = said(check, written(tmp_path, rule))
    assert any(text.startswith(f"{rule['alert']}: {message}") for text in found), found


@pytest.mark.parametrize(("check", "changes"), ACCEPTED)
def test_a_right_alert_is_accepted(
    check: ModuleType, changes: dict[str, Any], tmp_path: Path
) -> None:
    loaded = written(tmp_path, good(**changes))
    assert loaded.rules[-1].error == ""
    assert said(check, loaded) == []


@pytest.mark.parametrize("check", CHECKS)
def test_an_alert_with_everything_is_accepted_by_every_check(
    check: ModuleType, tmp_path: Path
) -> None:
    assert said(check, written(tmp_path, good())) == []


def test_an_alert_is_about_absence_if_what_it_reads_is(tmp_path: Path) -> None:
    hidden = {"record": "service:redis:absent", "expr": "absent(redis_up) or vector(0)"}
    alert = good(expr="service:redis:absent > 0", for_="15s")
    (message,) = said(absent, written(tmp_path, hidden, alert))
    assert message.startswith("CacheDown: asks for what is absent")


def test_an_external_label_that_is_given_may_be_shown(tmp_path: Path) -> None:
    alert = good(annotations=words("{{ $externalLabels.site }}"))
    settings = {"global": {"external_labels": {"site": "home"}}}
    assert said(external_labels, written(tmp_path, alert, settings=settings)) == []
