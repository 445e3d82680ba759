from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.model import AlertingRule, AlertSeverity, RecordingRule, RuleGroup

RECORD = RecordingRule("job:errors:rate5m", "sum(rate(x[5m]))", {"team": "pets"})
ALERT = AlertingRule(
    alert="TooManyErrors",
    expr="job:errors:rate5m > 1",
    severity=AlertSeverity.WARNING,
    wait=timedelta(minutes=2),
    keep_firing=timedelta(hours=1),
    summary="Errors are many.",
    description="{{ $value }} a second.",
    labels={"team": "pets"},
)


def test_a_group_is_written_as_prometheus_reads_it() -> None:
    assert RuleGroup("errors", timedelta(seconds=30), (RECORD, ALERT)).document() == {
        "name": "errors",
        "interval": "30s",
        "rules": [
            {
                "record": "job:errors:rate5m",
                "expr": "sum(rate(x[5m]))",
                "labels": {"team": "pets"},
            },
            {
                "alert": "TooManyErrors",
                "expr": "job:errors:rate5m > 1",
                "for": "2m",
                "keep_firing_for": "1h",
                "labels": {"severity": "warning", "team": "pets"},
                "annotations": {
                    "summary": "Errors are many.",
                    "description": "{{ $value }} a second.",
                },
            },
        ],
    }


@pytest.mark.parametrize("name", ["", "Job:errors", "job:errors-5m", "job::x", "job:x:", "jöb:x"])
def test_a_recording_rule_of_another_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower case, parts joined by colons"):
        RecordingRule(name, "vector(1)")


@pytest.mark.parametrize("name", ["", "Ab", "tooManyErrors", "Too_Many", "Too Many", "T" * 81])
def test_an_alert_without_a_pascal_case_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="PascalCase of at most 80 letters"):
        replace(ALERT, alert=name)


@pytest.mark.parametrize(("summary", "description"), [("", "Words."), ("Words.", ""), ("", "")])
def test_an_alert_without_words_is_refused(summary: str, description: str) -> None:
    with pytest.raises(ValueError, match="give it a summary and a description"):
        replace(ALERT, summary=summary, description=description)


def test_a_summary_that_changes_with_the_value_is_refused() -> None:
    with pytest.raises(ValueError, match="a fixed sentence"):
        replace(ALERT, summary="{{ $value }} errors.")


def test_an_alert_that_waits_for_no_time_says_nothing_of_it() -> None:
    written = replace(ALERT, wait=timedelta(0), keep_firing=timedelta(0)).document()
    assert not {"for", "keep_firing_for"} & written.keys()


def test_an_alert_that_waits_for_less_than_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="positive number of whole seconds"):
        replace(ALERT, wait=timedelta(milliseconds=1)).document()
