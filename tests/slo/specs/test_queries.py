"""What becomes of queries that name no window."""

from __future__ import annotations

import pytest

from slo.specs.queries import QueryError, events, grouping, instant, ratio, windowed

EVENTS = [
    ("x", True, "sum(increase(x[{{.window}}]))"),
    ('x{a="b"}', True, 'sum(increase(x{a="b"}[{{.window}}]))'),
    ("sum(x)", True, "sum(increase(x[{{.window}}]))"),
    ("sum by (a, b) (x)", True, "sum by (a, b) (increase(x[{{.window}}]))"),
    ("sum(rate(x[5m]))", True, "sum(rate(x[{{.window}}]))"),
    ("sum(rate(x[5m]))", None, "sum(rate(x[{{.window}}]))"),
    ("increase(x[ 5m ])", None, "sum(increase(x[{{.window}}]))"),
    ('sum(rate(x{a="[5m]"}[5m]))', False, 'sum(rate(x{a="[5m]"}[{{.window}}]))'),
    (
        "sum(rate(x[5m])) - sum(rate(y[5m]))",
        None,
        "sum(rate(x[{{.window}}])) - sum(rate(y[{{.window}}]))",
    ),
    ("sum(rate(x[{{ .window }}]))", None, "sum(rate(x[{{ .window }}]))"),
    ("x", False, "sum(sum_over_time((x)[{{.window}}:1m]))"),
    ("count(x > 1)", False, "sum_over_time((count(x > 1))[{{.window}}:1m])"),
]
RATIOS = [
    ("x:ratio", "avg_over_time((x:ratio)[{{.window}}:1m])"),
    (
        "sum(rate(x[5m])) / sum(rate(y[5m]))",
        "sum(rate(x[{{.window}}])) / sum(rate(y[{{.window}}]))",
    ),
]
REFUSED = [
    ("sum(x) / 2", "write it like sum(increase(requests_total[{{.window}}]))"),
    ("sum(x offset 5m)", "write it like sum(increase(requests_total[{{.window}}]))"),
    ("rate(x[5m]) / rate(y[1m])", "the ranges [1m], [5m] differ"),
    ("max_over_time(rate(x[5m])[1h:])", "nobody knows which range is its window"),
    ("x[5m]", "the query gives a range of samples"),
    ("sum(x", "this is not PromQL: unclosed left parenthesis; in 'sum(x'"),
    ("nope(x)", "unknown function with name 'nope'"),
    ("sum without (a) (x)", "without (…) leaves labels that nobody names"),
    ('"text"', "the query selects no series"),
    ("1 - 0.5", "the query selects no series"),
    ("scalar(x)", "the query selects no series"),
    ("+".join(["x"] * 1000), "over 500 parts"),
    ("(" * 4000 + "x" + ")" * 4000, "over 500 parts"),
    ("x" * 20_000, "more than 10,000 letters"),
]


@pytest.mark.parametrize(("query", "counter", "wanted"), EVENTS)
def test_a_query_of_events_counts_in_any_window(
    query: str, counter: bool | None, wanted: str
) -> None:
    assert events(query, counter=counter) == wanted


@pytest.mark.parametrize(("query", "wanted"), RATIOS)
def test_a_ratio_is_averaged_over_any_window(query: str, wanted: str) -> None:
    assert ratio(query) == wanted


@pytest.mark.parametrize(("query", "sentence"), REFUSED)
def test_a_query_that_fits_no_window_is_refused(query: str, sentence: str) -> None:
    with pytest.raises(QueryError) as caught:
        events(query, counter=True)
    assert sentence in str(caught.value)


def test_a_plain_selector_is_a_counter_or_a_gauge_and_the_spec_must_say() -> None:
    with pytest.raises(QueryError, match="counter is missing"):
        events("x", counter=None)


def test_a_threshold_has_a_range_of_its_own_and_no_window() -> None:
    assert instant("max_over_time(x[2m])") == "max_over_time(x[2m])"
    with pytest.raises(QueryError, match="looks at moments"):
        instant("max_over_time(x[{{.window}}])")


def test_a_query_of_sloth_has_a_window() -> None:
    with pytest.raises(QueryError, match="over one window only"):
        windowed("sum(rate(x[5m]))")


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("sum(x)", ()),
        ("sum by (a, b) (x)", ("a", "b")),
        ("1 - (sum by (a) (x) / sum by (a) (y))", ("a",)),
        ("sum_over_time((count by (a) (x))[5m:]) or on() vector(0)", ("a",)),
        ("sum(max by (a) (x))", ()),
    ],
)
def test_the_labels_of_a_result_are_those_of_the_outermost_aggregation(
    query: str, labels: tuple[str, ...]
) -> None:
    assert grouping(query) == labels
