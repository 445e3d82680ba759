"""What is wrong with specs: each problem with its file, line, field, and what would be right."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.specs.locate import SpecError
from slo.specs.read import read_specs

if TYPE_CHECKING:
    from pathlib import Path

OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-works
spec:
  service: shop
  indicator:
    metadata:
      name: shop
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              query: sum(good_total)
        total:
          metricSource:
            type: Prometheus
            spec:
              query: sum(all_total)
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.99
"""
SLOTH = """\
version: prometheus/v1
service: shop
slos:
  - name: shop-works
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(bad_total[{{.window}}]))
        total_query: sum(rate(all_total[{{.window}}]))
    alerting:
      name: ShopFails
      page_alert:
        labels:
          severity: page
"""
POLICY = """\
  alertPolicies:
    - kind: AlertPolicy
      metadata:
        name: loud
      spec:
        conditions:
          - kind: AlertCondition
            metadata:
              name: fast
            spec:
              severity: page
              condition:
                threshold: 14.4
                lookbackWindow: 1h
                alertAfter: 5m
        notificationTargets:
          - targetRef: on-call
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata:
  name: on-call
spec:
  target: pager
"""
ALERTED = OPENSLO + POLICY
WORDS = (
    "null",
    "[]",
    "{}",
    "[1]",
    "-1",
    "0",
    "1e9",
    "true",
    "sum(",
    '""',
    "{a: 1}",
    "1d",
    "é",
    "#",
)
RATIO = "spec.indicator.spec.ratioMetric"
CONDITION = "spec.alertPolicies[0].spec.conditions[0].spec"

# Which text is replaced by which, and the line, the field and the sentence that are told.
OPENSLO_PROBLEMS = [
    ("service: shop", "servise: shop", 6, "spec.servise", "did you mean service?"),
    ("  service: shop\n", "", 6, "spec", "service is missing"),
    ("service: shop", "service: our shop", 6, "spec.service", "'our shop' cannot name a service"),
    ("kind: SLO", "kind: Slo", 2, "kind", "'Slo' is none of its values; did you mean SLO?"),
    ("openslo/v1", "openslo/v2", 1, "apiVersion", "did you mean openslo/v1?"),
    ("shop-works", "Shop Works", 4, "metadata.name", "'Shop Works' cannot name an SLO"),
    ("shop-works", "Shop Works", 4, "metadata.name", "a letter first; shop-works"),
    ("target: 0.99", "target: 1", 28, "spec.objectives[0].target", "between 0 and 1"),
    ("target: 0.99", 'target: "0.99"', 28, "spec.objectives[0].target", "a number like 99.9"),
    ("target: 0.99", "targetPercent: 0", 28, "spec.objectives[0].targetPercent", "0 and 100"),
    ("target: 0.99", "displayName: Good", 28, "spec.objectives[0]", "one of target and targetP"),
    ("- target: 0.99", "- op: le\n      target: 0.99", 28, "spec.objectives[0].op", "mean lte?"),
    ("    - target: 0.99", "", 6, "spec", "objectives is missing"),
    ("Occurrences", "Occurences", 26, "spec.budgetingMethod", "did you mean Occurrences?"),
    ("Occurrences", "RatioTimeslices", 26, "spec.budgetingMethod", "Occurrences or Timeslices"),
    ("Occurrences", "Timeslices", 28, "spec.objectives[0]", "timeSliceTarget is missing"),
    ("counter: true", "counter: yes", 12, f"{RATIO}.counter", "true or false is expected"),
    ("        counter: true\n", "", 16, f"{RATIO}.good.metricSource.spec.query", "counter is m"),
    ("good:", "raw:", 12, RATIO, "raw is the whole ratio; leave total out"),
    ("good:", "raw:", 12, RATIO, "rawType is missing; success or failure"),
    ("good:", "god:", 13, f"{RATIO}.god", "did you mean good?"),
    ("        total:", "        bad:", 12, RATIO, "give total and one of good and bad"),
    ("ratioMetric", "thresholdMetrik", 11, "spec.indicator.spec.thresholdMetrik", "thresholdMetr"),
    ("type: Prometheus", "type: Datadog", 15, f"{RATIO}.good.metricSource", "Datadog cannot be"),
    (
        "type: Prometheus",
        "metricSourceRef: here",
        15,
        f"{RATIO}.good.metricSource.metricSourceRef",
        "no file has DataSource 'here'; there is none",
    ),
    ("            type: Prometheus\n", "", 15, f"{RATIO}.good.metricSource", "type is missing"),
    ("query: sum(good_total)", "qurey: x", 17, f"{RATIO}.good.metricSource.spec", "mean query?"),
    ("sum(good_total)", "sum(good_total", 17, f"{RATIO}.good.metricSource.spec.query", "PromQL"),
    ("sum(good_total)", "sum by (a) (x)", 14, f"{RATIO}.good", "not grouped by the labels"),
    ("duration: 30d", "duration: 30 days", 24, "spec.timeWindow[0].duration", "like 28d"),
    ("duration: 30d", "duration: 1h", 28, "spec.objectives[0]", "a period of 1h is shorter"),
    ("isRolling: true", "isRolling: false", 24, "spec.timeWindow[0]", "give a calendar"),
    (
        "    - duration: 30d",
        "    - duration: 7d\n    - duration: 30d",
        24,
        "spec.timeWindow",
        "there are 2 time windows; give one",
    ),
    (
        "isRolling: true",
        "calendar: {startTime: today, timeZone: UTC}",
        25,
        "spec.timeWindow[0].calendar.startTime",
        "write it like 2026-01-01 00:00:00",
    ),
    (
        "isRolling: true",
        "calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}",
        24,
        "spec.timeWindow[0].duration",
        "'30d' is no window of the calendar here; 1w, 1M or 1Q",
    ),
    (
        "duration: 30d\n      isRolling: true",
        "duration: 1M\n      calendar: {startTime: 2026-01-01 00:00:00, timeZone: Mars}",
        25,
        "spec.timeWindow[0].calendar.timeZone",
        "'Mars' is no time zone",
    ),
    ("  indicator:", "  indicatorRef: other\n  indicator:", 7, "spec.indicatorRef", "give one of"),
    ("name: shop-works", "name: shop-works\n  name: shop-workz", 5, "metadata.name", "given twice"),
    (
        "name: shop-works",
        "name: shop-works\n  annotations: {slo-kit/pag: 'x'}",
        5,
        "metadata.annotations.slo-kit/pag",
        "did you mean slo-kit/page?",
    ),
    (
        "name: shop-works",
        "name: shop-works\n  annotations: {slo-kit/burn-windows: page}",
        5,
        "metadata.annotations.slo-kit/burn-windows",
        "like page 1/50 1h 5m",
    ),
    (
        "name: shop-works",
        "name: shop-works\n  labels: {a-b: x, a_b: y}",
        5,
        "metadata.labels.a_b",
        "its name would be a_b in Prometheus, which is taken",
    ),
    ("  service: shop", "  service: [shop]", 6, "spec.service", "a list where a text is expected"),
    (
        "spec:\n  service",
        "spec: []\nother:\n  service",
        5,
        "spec",
        "fields with names are expected",
    ),
]
ALERT_PROBLEMS = [
    (
        "threshold: 14.4",
        "threshold: 101",
        28,
        "spec.objectives[0]",
        "a burn rate of 101 can never be reached",
    ),
    ("severity: page", "severity: sev1", 39, f"{CONDITION}.severity", "page, critical, ticket"),
    ("lookbackWindow: 1h", "lookbackWindow: 5m", 41, f"{CONDITION}.condition", "alertAfter under"),
    (
        "threshold: 14.4",
        "threshold: 14.4\n                kind: burn",
        42,
        f"{CONDITION}.condition.kind",
        "did you mean burnrate?",
    ),
    (
        "targetRef: on-call",
        "targetRef: oncall",
        45,
        "spec.alertPolicies[0].spec.notificationTargets[0].targetRef",
        "did you mean on-call?",
    ),
    (
        "    - kind: AlertPolicy",
        "    - loud-policy\n    - kind: AlertPolicy",
        30,
        "spec.alertPolicies[0]",
        "fields are expected; alertPolicyRef: loud-policy",
    ),
    ("  target: pager", "  tarqet: pager", 52, "spec.tarqet", "did you mean target?"),
]
SLOTH_PROBLEMS = [
    ("version: prometheus/v1", "version: prometheus/v2", 1, "version", "mean prometheus/v1?"),
    ("version: prometheus/v1\n", "", 1, "", "apiVersion is missing; openslo/v1, sloth.slok.dev"),
    ("objective: 99.9", "objective: 100", 5, "slos[0].objective", "between 0 and 100 percent"),
    ("objective: 99.9", "objectiv: 99.9", 5, "slos[0].objectiv", "did you mean objective?"),
    ("objective: 99.9", "objectiv: 99.9", 4, "slos[0]", "objective is missing"),
    (
        "bad_total[{{.window}}]",
        "bad_total[5m]",
        8,
        "slos[0].sli.events.error_query",
        "give [{{.window}}] as its range",
    ),
    ("sum(rate(all_total", "sum by (a) (rate(all_total", 7, "slos[0].sli", "by the same labels"),
    ("      events:", "      raw:", 8, "slos[0].sli.raw.error_query", "mean error_ratio_query?"),
    (
        "      events:",
        "      plugin: {id: x}\n      events:",
        7,
        "slos[0].sli.plugin",
        "Go program",
    ),
    ("page_alert", "pageAlert", 12, "slos[0].alerting.pageAlert", "did you mean page_alert?"),
    (
        "severity: page",
        "se-verity: page",
        14,
        "slos[0].alerting.page_alert.labels.se-verity",
        "Prometheus has no such label",
    ),
    (
        "labels:\n          severity: page",
        "annotations: loud",
        13,
        "slos[0].alerting.page_alert.annotations",
        "where fields with names are expected",
    ),
    (
        "slos:",
        "slo_plugins: {chain: [{id: my/own}]}\nslos:",
        3,
        "slo_plugins.chain[0].id",
        "the plugin my/own is a Go program",
    ),
    ("service: shop", "service: *shop", 2, "", "the alias *shop"),
    ("service: shop", "service: !!python/object:os.system x", 2, "", "the tag"),
    ("service: shop", "service: [shop", 3, "", "this is not YAML"),
]


def problems(tmp_path: Path, *texts: str) -> list[str]:
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_specs(files)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def assert_told(told: list[str], line: int, field: str, sentence: str) -> None:
    start = f"0.yaml:{line}: {field}: " if field else f"0.yaml:{line}: "
    assert [each for each in told if each.startswith(start) and sentence in each], told


@pytest.mark.parametrize(("old", "new", "line", "field", "sentence"), OPENSLO_PROBLEMS)
def test_a_problem_of_openslo_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, line: int, field: str, sentence: str
) -> None:
    assert old in OPENSLO
    assert_told(problems(tmp_path, OPENSLO.replace(old, new, 1)), line, field, sentence)


@pytest.mark.parametrize(("old", "new", "line", "field", "sentence"), ALERT_PROBLEMS)
def test_a_problem_of_an_alert_policy_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, line: int, field: str, sentence: str
) -> None:
    assert old in ALERTED
    assert_told(problems(tmp_path, ALERTED.replace(old, new, 1)), line, field, sentence)


@pytest.mark.parametrize(("old", "new", "line", "field", "sentence"), SLOTH_PROBLEMS)
def test_a_problem_of_sloth_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, line: int, field: str, sentence: str
) -> None:
    assert old in SLOTH
    assert_told(problems(tmp_path, SLOTH.replace(old, new, 1)), line, field, sentence)


def test_the_specs_that_these_problems_are_made_of_have_none(tmp_path: Path) -> None:
    for text in (OPENSLO, ALERTED, SLOTH):
        (tmp_path / "good.yaml").write_text(text)
        assert len(read_specs([tmp_path / "good.yaml"])) == 1


def test_all_problems_of_all_files_are_told_in_order(tmp_path: Path) -> None:
    first = OPENSLO.replace("Occurrences", "Often").replace("target: 0.99", "target: 7")
    methods = "one of Occurrences, Timeslices, RatioTimeslices"
    assert problems(tmp_path, first, SLOTH.replace("99.9", "many"), "") == [
        f"0.yaml:26: spec.budgetingMethod: 'Often' is none of its values; {methods}",
        "0.yaml:28: spec.objectives[0].target: the target must lie between 0 and 1, both excluded",
        "1.yaml:5: slos[0].objective: the value 'many' where a number like 99.9 is expected",
        "2.yaml:1: the file is empty; give a spec",
    ]


def test_one_id_in_two_files_is_a_problem_of_the_second(tmp_path: Path) -> None:
    [told] = problems(tmp_path, OPENSLO, SLOTH)
    assert told == "1.yaml:4: slos[0]: the SLO shop-shop-works is also in 0.yaml:1; rename one"


def test_one_object_twice_is_a_problem(tmp_path: Path) -> None:
    [told] = problems(tmp_path, f"{OPENSLO}---\n{OPENSLO}")
    assert told == "0.yaml:30: SLO 'shop-works' is also in 0.yaml:1; rename one"


def test_a_service_must_exist_as_soon_as_one_is_declared(tmp_path: Path) -> None:
    service = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shopp}\n"
    [told] = problems(tmp_path, f"{OPENSLO}---\n{service}")
    assert told == "0.yaml:6: spec.service: no file has Service 'shop'; did you mean shopp?"


def test_a_problem_is_one_line_whatever_the_file_says(tmp_path: Path) -> None:
    [told] = problems(tmp_path, f'{SLOTH}"a\\nb\\e[31m": 1\n')
    assert "\n" not in told
    assert "\x1b" not in told


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_in_a_file_it_is_slos_or_problems(tmp_path: Path, data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from([OPENSLO, ALERTED, SLOTH])).splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        name = lines[number].split(":")[0]
        lines[number] = data.draw(st.sampled_from([f"{name}: {word}" for word in WORDS]))
    file = tmp_path / "spec.yaml"
    file.write_text("\n".join(lines))
    # Anything else that is raised is a defect.
    with suppress(SpecError):
        read_specs([file])
