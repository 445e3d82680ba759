"""The report as a page, read by a parser."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from loadtests.reports.html import html_report
from slo.objectives import NOTIFICATION_FRESHNESS
from tests.loadtests.reports.building import PASSWORD, attempt, load, result, ruling, slo_result
from tests.loadtests.reports.results import RESULTS

# Of the page, and of the drawings in it.
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "span", "ul", "li", "div"),
    *("table", "tr", "th", "td", "br", "details", "summary", "pre", "figure", "figcaption"),
    *("strong", "code"),
    *("svg", "metadata", "rdf:rdf", "cc:work", "dc:type", "dc:date", "dc:format", "dc:creator"),
    *("cc:agent", "dc:title", "defs", "g", "path", "use", "text", "clippath", "rect"),
}


class Page(HTMLParser):
    """Collects tags, addresses and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name.split(":")[-1] in ("src", "href", "action", "data", "poster", "srcset"):
                self.addresses.append(str(value))
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.words += data


@cache
def page_of(name: str) -> str:
    return html_report(RESULTS[name])


@pytest.mark.parametrize("name", RESULTS)
def test_the_page_needs_nothing_from_outside_and_runs_nothing(name: str) -> None:
    page = Page(page_of(name))
    assert page.tags <= TAGS
    assert [address for address in page.addresses if not address.startswith("#")] == []
    assert page.handlers == []
    assert re.findall(r"@import|url\((?!#|['\"]#)", page_of(name)) == []
    assert PASSWORD not in page_of(name)


@pytest.mark.parametrize("name", RESULTS)
def test_the_page_says_the_decision_and_every_ruling(name: str) -> None:
    run, page = RESULTS[name], page_of(name)
    assert f'class="outcome {run.decision.outcome.value}"' in page
    for one in run.rulings:
        assert one.rule.id in page
        assert f">{one.status.value}</span>" in page


def test_a_ruling_is_shown_with_all_that_is_known_of_it() -> None:
    words = Page(html_report(result(ruling(query="sum(x)", compared=0.12)))).words
    for told in (
        "p95 latency of POST /api/swipes",
        "150.1 ms",
        "148 ms … 152 ms",
        "at most 150 ms",
        "120 ms (+25.1 %)",
        "2,000",
        "2026-11-21 03:00:00 – 03:01:00 UTC (60 s), loadtests/rules.yml:12",
        "sum(x)",
        "because it is passed",
    ):
        assert told in words


def test_what_wants_out_stays_text() -> None:
    page = Page(page_of("hostile"))
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7*7 }}" in page.words
    assert [c for c in page_of("hostile") if not c.isprintable() and c != "\n"] == []


def test_the_drawings_show_plan_rate_drops_limit_and_lag() -> None:
    page = page_of("all statuses")
    for told in ("planned", "dropped", "p99.9", "failed-quantile", "never answered", "ms late"):
        assert f">{told}</text>" in page
    assert page.count("<svg") == 5
    assert ">planned</text>" not in page_of("closed")


def test_a_limit_is_drawn_only_where_a_rule_has_one() -> None:
    limited = html_report(result(ruling(kind="quantile")))
    free = html_report(result(ruling(kind="errors")))
    assert ">passed-quantile</text>" in limited
    assert "Latency of POST /api/swipes by step" in limited
    assert "passed-errors</text>" not in free
    assert "Latency of all by step" in free


def test_the_latency_chart_carries_the_line_of_its_objective() -> None:
    line = ">objective</text>"
    assert line in page_of("warned")
    assert line not in html_report(result(ruling(), attempts=(attempt(slos=()),)))


def test_without_a_load_nothing_is_drawn_and_the_reason_stands_there() -> None:
    words = Page(page_of("without load")).words
    assert "<svg" not in page_of("without load")
    assert "Prometheus went away" in words
    assert "No load was sent" in words


def test_of_several_attempts_the_last_stands_open_and_the_first_folded() -> None:
    page = page_of("flaky")
    assert page.index("the last: attempt 2 (confirmation)") < page.index(
        "attempt 1 (first)</summary>"
    )
    assert "flaky" in Page(page).words


def test_a_hostile_name_cannot_spoil_a_drawing() -> None:
    assert page_of("hostile").count("<svg") == 4
    formula = attempt(load=load(("$\\frac$", "_", "peak")), charts=())
    page = html_report(result(ruling(), attempts=(formula,)))
    assert ">$\\frac$ (warm-up)</text>" in page


def test_what_a_reader_must_know_of_the_baseline_is_said() -> None:
    assert "the baseline is 40 days old" in Page(page_of("compared")).words


def test_a_latency_of_something_else_than_requests_has_no_line_in_a_drawing() -> None:
    fresh = replace(slo_result(), slo=NOTIFICATION_FRESHNESS)
    alone, beside = (
        html_report(result(ruling(), attempts=(attempt(ruling(), slos=slos),)))
        for slos in ((fresh,), (fresh, slo_result()))
    )
    assert (">objective</text>" in alone, ">objective</text>" in beside) == (False, True)
