from __future__ import annotations

from datetime import timedelta

import promql_parser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.telemetry.catalog import BUILD_INFO, HTTP_DURATION, LOG_INS
from slo.promql import Matcher, Selector, UnknownSeriesError, duration, labels, quoted

COUNT = "http_server_request_duration_seconds_count"
BUCKET = "http_server_request_duration_seconds_bucket"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@settings(deadline=None)
@given(text=TEXT)
@example(text='\\"\n')
@example(text="\\d+\\")
@example(text="{{ $value }}")
def test_quoted_text_parses_back_to_itself(text: str) -> None:
    assert conditions(f"x{{a={quoted(text)}}}") == [("a", text)]


@settings(deadline=None)
@given(first=TEXT, second=TEXT)
def test_label_conditions_parse_back_to_themselves(first: str, second: str) -> None:
    found = conditions("x" + labels({"a": first, "b": second}))
    assert sorted(found) == [("a", first), ("b", second)]


def test_quoting_is_what_prometheus_reads() -> None:
    assert quoted('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'
    assert labels({"sloth_id": "x", "b": ""}) == '{sloth_id="x",b=""}'


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ({"seconds": 1}, "1s"),
        ({"seconds": 90}, "90s"),
        ({"minutes": 5}, "5m"),
        ({"minutes": 90}, "90m"),
        ({"hours": 1}, "1h"),
        ({"hours": 25}, "25h"),
        ({"hours": 48}, "2d"),
        ({"days": 7}, "7d"),
        ({"days": 30}, "30d"),
        ({"seconds": 86_399}, "86399s"),
    ],
)
def test_durations_are_written_in_their_largest_whole_unit(
    window: dict[str, int], text: str
) -> None:
    assert duration(timedelta(**window)) == text


@settings(deadline=None)
@given(seconds=st.integers(min_value=1, max_value=400 * 86_400))
def test_durations_parse_back_to_themselves(seconds: int) -> None:
    window = timedelta(seconds=seconds)
    tree = promql_parser.parse(f"x[{duration(window)}]")
    assert isinstance(tree, promql_parser.MatrixSelector)
    assert tree.range == window


@pytest.mark.parametrize("seconds", [0, -1, 0.5, 1.5, -0.5, 60.000001])
def test_a_duration_of_no_or_of_broken_seconds_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="a positive number of whole seconds"):
        duration(timedelta(seconds=seconds))


@pytest.mark.parametrize("operator", ["=", "!=", "=~", "!~"])
def test_the_four_operators_are_taken(operator: str) -> None:
    assert str(Matcher("job", operator, "x")) == f'job{operator}"x"'


@pytest.mark.parametrize("operator", ["", "==", "~", "<", "=!", "=~ "])
def test_what_is_no_operator_is_refused(operator: str) -> None:
    with pytest.raises(ValueError, match="is no matcher: one of = != =~ !~"):
        Matcher("job", operator, "x")


def test_a_selector_is_written_with_its_conditions_in_order() -> None:
    selector = Selector(HTTP_DURATION, BUCKET, (Matcher("le", "=", "0.15"),))
    assert str(selector) == f'{BUCKET}{{le="0.15"}}'
    narrowed = selector.where(Matcher("job", "=", "a"), Matcher("instance", "!=", "b"))
    assert str(narrowed) == f'{BUCKET}{{le="0.15",job="a",instance!="b"}}'
    assert narrowed.over(timedelta(minutes=5)) == f"{narrowed}[5m]"
    assert str(Selector(HTTP_DURATION, COUNT, ())) == COUNT


def test_an_unknown_series_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownSeriesError, match=f"no series {HTTP_DURATION.name}: one of "):
        Selector(HTTP_DURATION, HTTP_DURATION.name, ())


def test_an_unknown_label_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownSeriesError, match="no label le: one of http_request_method, "):
        Selector(HTTP_DURATION, COUNT, (Matcher("le", "=", "0.15"),))


@pytest.mark.parametrize("operator", ["=", "!="])
def test_a_value_outside_the_labels_closed_set_is_refused(operator: str) -> None:
    with pytest.raises(UnknownSeriesError, match="outcome is never 'failed': one of 'success', "):
        Selector(LOG_INS, LOG_INS.name, (Matcher("outcome", operator, "failed"),))


def test_conditions_added_later_are_looked_at_too() -> None:
    selector = Selector(LOG_INS, LOG_INS.name, ())
    with pytest.raises(UnknownSeriesError, match="no label route"):
        selector.where(Matcher("route", "=", "/"))


def test_values_that_are_bounded_otherwise_and_patterns_are_taken() -> None:
    Selector(BUILD_INFO, BUILD_INFO.name, (Matcher("version", "=", "7"),))
    Selector(LOG_INS, LOG_INS.name, (Matcher("outcome", "=~", "fail.*"),))
    Selector(LOG_INS, LOG_INS.name, (Matcher("instance", "=", "api:9100"),))


def conditions(selector: str) -> list[tuple[str, str]]:
    """Parse a selector with equality conditions only."""
    tree = promql_parser.parse(selector)
    assert isinstance(tree, promql_parser.VectorSelector)
    found = tree.matchers.matchers
    assert all(matcher.op == promql_parser.MatchOp.Equal for matcher in found)
    return [(matcher.name, matcher.value) for matcher in found]
