"""The report as Markdown, read by a parser of GitHub's tables."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from loadtests.reports.markdown import CUT, markdown_report, text
from tests.loadtests.reports.building import FAILED, PASSED, PASSWORD, result, ruling
from tests.loadtests.reports.results import RESULTS

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tables(markdown: str) -> list[list[list[str]]]:
    """Return the cells of every table, as a reader sees them."""
    found: list[list[list[str]]] = []
    before = ""
    for token in PARSER.parse(markdown):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif before in ("th_open", "td_open"):
            found[-1][-1].append("".join(part.content for part in token.children or ()))
        before = token.type
    return found


def test_a_row_says_what_a_rule_has_shown() -> None:
    heading, row = tables(markdown_report(result(ruling(FAILED, compared=0.12))))[0]
    assert dict(zip(heading, row, strict=True)) == {
        "status": "failed",
        "rule": "failed-quantile",
        "over": "peak",
        "measured": "150.1 ms",
        "interval": "148 ms … 152 ms",
        "limit": "at most 150 ms",
        "compared": "120 ms (+25.1 %)",
        "n": "2,000",
        "why": "because it is failed",
    }


def test_the_worst_ruling_stands_first() -> None:
    rows = tables(markdown_report(RESULTS["all statuses"]))[0][1:]
    assert [row[0] for row in rows] == ["failed", "undecided", "warned", "passed"]


def test_waived_and_flaky_are_said_in_the_row() -> None:
    assert "waived by w-1" in tables(markdown_report(RESULTS["waived"]))[0][1][0]
    assert "flaky" in tables(markdown_report(RESULTS["flaky"]))[0][1][0]


def test_a_check_that_failed_has_a_row_and_a_passed_one_a_word() -> None:
    invalid = markdown_report(RESULTS["invalid"])
    assert ["attempt 1 (first)", "every worker reported", "1 of 2 workers"] in tables(invalid)[1]
    assert "Checks passed: 1 of 1" in markdown_report(RESULTS["warned"])
    assert "Checks passed" not in invalid


def test_the_load_is_told_by_step() -> None:
    rows = tables(markdown_report(RESULTS["warned"]))[1]
    assert rows[3][:5] == ["peak", "4,000", "3,900", "100", "3"]
    assert rows[3][-1] == "∞"


def test_details_hold_reason_window_place_and_query() -> None:
    markdown = markdown_report(result(ruling(FAILED, query="sum(x)")))
    for told in (
        "reason: An adopter notices",
        "window: 2026-11-21 03:00:00 – 03:01:00 UTC (60 s)",
        "declared: loadtests/rules.yml:12",
        "```promql\nsum(x)\n```",
    ):
        assert told in markdown
    assert "Measured by the generator" in markdown_report(result(ruling(FAILED)))


def test_what_wants_out_stays_text() -> None:
    markdown = markdown_report(RESULTS["hostile"])
    tokens = PARSER.parse(markdown)
    flat = [*tokens, *(child for token in tokens for child in token.children or ())]
    assert {token.type for token in flat} & {
        "link_open",
        "image",
        "code_inline",
        "strong_open",
    } == set()
    html = [token.content for token in flat if token.type in ("html_block", "html_inline")]
    assert all(
        line.startswith(("<details><summary>", "</details>")) and line.count("<") <= 4
        for block in html
        for line in block.splitlines()
    )
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"]
    assert [len(row) for row in tables(markdown)[0]] == [9, 9, 9]
    assert PASSWORD not in markdown
    assert "\x1b" not in markdown


@pytest.mark.parametrize(
    "given",
    [
        "1. one",
        "- one",
        "+ one",
        "= one",
        "# one",
        "a | b",
        "`a`",
        "**a** _b_ ~~c~~",
        "&amp; <b>",
        "\\|",
        "150.1 ms",
    ],
)
def test_a_text_is_read_as_it_was_given(given: str) -> None:
    (_, (cell,)) = tables(f"| h |\n| --- |\n| {text(given)} |\n")[0]
    assert cell == given
    assert [token.type for token in PARSER.parse(f"- {text(given)}")].count("list_item_open") == 1


def test_a_text_without_end_is_cut() -> None:
    assert len(text("x" * 5000)) == 1001


def test_a_report_that_is_too_long_is_cut_after_a_whole_row_and_says_so() -> None:
    long = result(
        ruling(FAILED), *(ruling(PASSED, id=f"rule-{n}", why="y" * 900) for n in range(200))
    )
    whole = markdown_report(long)
    short = markdown_report(long, 50_000)
    assert len(short.encode()) <= 50_000 < len(whole.encode())
    assert short.endswith(CUT)
    assert short.removesuffix(CUT).endswith("|\n")
    assert whole.startswith(short.removesuffix(CUT))
    assert "failed-quantile" in short


def test_a_report_that_just_fits_is_whole_and_without_room_there_is_none() -> None:
    whole = markdown_report(RESULTS["warned"])
    assert markdown_report(RESULTS["warned"], len(whole.encode())) == whole
    assert markdown_report(RESULTS["warned"], 10) == ""


def test_a_fence_is_longer_than_any_in_its_query() -> None:
    markdown = markdown_report(result(ruling(query="a\n````\nb")))
    assert [t.content for t in PARSER.parse(markdown) if t.type == "fence"] == ["a\n````\nb\n"]


def test_what_a_reader_must_know_of_the_baseline_is_said() -> None:
    assert "- the baseline is 40 days old\n" in markdown_report(RESULTS["compared"])
