"""The page of a measurement: everything in it, nothing from outside."""

from __future__ import annotations

from dataclasses import replace

from loadtests.bench.page import html_page
from loadtests.bench.report import markdown
from tests.loadtests.bench.results import result


def test_the_page_shows_the_table_the_limits_and_every_drawing() -> None:
    page = html_page(result())
    for part in ("Cost by size", "Measured in steady state.", "large costs of small", "cores 2"):
        assert part in page
    assert page.count("<svg") == 4, "a trend, CPU, throughput, latency"
    assert "tenfold of rows" in page
    assert "1,000,000" in page
    assert "mathdefault" not in page, "formulas are not typeset"


def test_the_page_needs_nothing_from_outside_and_escapes_what_is_not_ours() -> None:
    page = html_page(result())
    assert "small &lt;b&gt;" in page
    assert "<b>" not in page
    for outside in ("<script", "<link", "src="):
        assert outside not in page


def test_the_same_result_gives_the_same_bytes() -> None:
    assert html_page(result()) == html_page(result())


def test_a_measurement_without_samples_says_why_it_decides_nothing() -> None:
    page = html_page(replace(result(invalid="it ended"), samples=[], trends=[]))
    assert "it ended" in page
    assert "No limit was judged." in page
    assert "<svg" not in page


def test_what_has_no_rounds_is_a_table_of_its_own() -> None:
    told = replace(
        result(), samples=[], values={"ours": {"seconds": 2.5}, "theirs": {"seconds": 9}}
    )
    assert "| ours | 2.5 |" in markdown(told)
    assert '<th class="n">seconds</th>' in html_page(told)
