"""The file of waivers, with one place of a good one made wrong at a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import loadtests
from loadtests.errors import MisuseError
from loadtests.waivers.model import Waiver
from loadtests.waivers.read import WaiversError, read_waivers

COMMITTED = Path(next(iter(loadtests.__path__))) / "waivers.yml"
TODAY = date(2026, 3, 5)
RULES = ("deck-latency", "swipe-p95", "few-errors")
GOOD = """\
version: 1
waivers:
  - id: slow-deck
    owner: ada
    approver: grace
    reason: The index is built on Thursday.
    rules: [deck-latency, swipe-p95]
    from: 2026-03-02
    expires: 2026-03-09
  - id: lost-mails
    owner: grace
    approver: ada
    reason: The mail server moves.
    rules: [few-errors]
    from: 2026-03-05
    expires: 2026-03-05
"""
WRONG = {
    "owner approves": (
        "approver: grace",
        "approver: ada",
        ("5: waivers[0].approver: 'ada' owns the waiver; somebody else than its owner approves it"),
    ),
    "owner approves in capitals": (
        "approver: grace",
        "approver: '  ADA '",
        ("5: waivers[0].approver: 'ADA' owns the waiver; somebody else than its owner approves it"),
    ),
    "owner approves by handle": (
        "approver: grace",
        "approver: '@Ada'",
        (
            "5: waivers[0].approver: '@Ada' owns the waiver; somebody else than its owner "
            "approves it"
        ),
    ),
    "nobody approves": (
        "approver: grace",
        "approver: ' '",
        "5: waivers[0].approver: it is empty; name somebody",
    ),
    "no reason": (
        "reason: The index is built on Thursday.",
        "reason: ''",
        "6: waivers[0].reason: it is empty; say why",
    ),
    "unknown rule": (
        "[deck-latency,",
        "[deck-latencies,",
        (
            "7: waivers[0].rules[0]: no rule of this run is called 'deck-latencies'; did "
            "you mean deck-latency?"
        ),
    ),
    "rule waived twice": (
        "[few-errors]",
        "[few-errors, swipe-p95]",
        "14: waivers[1].rules[1]: the rule 'swipe-p95' is also in line 7; keep one",
    ),
    "no rules": (
        "[few-errors]",
        "[]",
        "14: waivers[1].rules: no rule is named; a waiver is for rules by their ids",
    ),
    "rules that are none": (
        "[few-errors]",
        "few-errors",
        (
            "14: waivers[1].rules: the value 'few-errors' where a list is expected; begin "
            "each item with a dash"
        ),
    ),
    "a group as a rule": (
        "[few-errors]",
        "[{a: b}]",
        "14: waivers[1].rules[0]: a group of fields where a text is expected",
    ),
    "expired": (
        "expires: 2026-03-09",
        "expires: 2026-03-04",
        "9: waivers[0].expires: the waiver ended 1 day ago; take it out",
    ),
    "eight days": (
        "expires: 2026-03-09",
        "expires: 2026-03-10",
        ("9: waivers[0].expires: 2026-03-10 is 8 days after 2026-03-02; 0 to 7 are possible"),
    ),
    "begins tomorrow, to last longer": (
        "from: 2026-03-02",
        "from: 2026-03-06",
        (
            "8: waivers[0].from: 2026-03-06 is yet to come; the day it was agreed, "
            "2026-03-05 or before"
        ),
    ),
    "ends before it begins": (
        "from: 2026-03-05\n    expires: 2026-03-05",
        "from: 2026-03-08\n    expires: 2026-03-06",
        (
            "15: waivers[1].from: 2026-03-08 is yet to come; the day it was agreed, "
            "2026-03-05 or before\n"
            "16: waivers[1].expires: 2026-03-06 is -2 days after 2026-03-08; 0 to 7 are "
            "possible"
        ),
    ),
    "a day that is none": (
        "expires: 2026-03-09",
        "expires: 2026-02-30",
        "9: waivers[0].expires: '2026-02-30' is no day; write it like 2026-03-09",
    ),
    "a week": (
        "expires: 2026-03-09",
        "expires: 2026-W11-1",
        "9: waivers[0].expires: '2026-W11-1' is no day; write it like 2026-03-09",
    ),
    "a moment": (
        "expires: 2026-03-09",
        "expires: 2026-03-09T12:00:00Z",
        ("9: waivers[0].expires: '2026-03-09T12:00:00Z' is no day; write it like 2026-03-09"),
    ),
    "for ever": (
        "    expires: 2026-03-09\n",
        "",
        "3: waivers[0]: expires is missing",
    ),
    "no beginning": (
        "    from: 2026-03-02\n",
        "",
        "3: waivers[0]: from is missing",
    ),
    "id twice": (
        "id: lost-mails",
        "id: slow-deck",
        "10: waivers[1].id: the id 'slow-deck' is also in line 3; keep one",
    ),
    "an id that is none": (
        "id: lost-mails",
        "id: Lost Mails",
        ("10: waivers[1].id: 'Lost Mails' is no id; 3 to 64 of a-z, 0-9 and -, a letter first"),
    ),
    "unknown field": (
        "owner: ada",
        "owners: ada",
        (
            "3: waivers[0]: owner is missing\n"
            "4: waivers[0].owners: there is no such field; did you mean owner?"
        ),
    ),
    "version of tomorrow": (
        "version: 1",
        "version: 2",
        "1: version: '2' is none of its values; one of 1",
    ),
    "no waivers": (
        GOOD[GOOD.index("waivers:") :],
        "",
        "1: waivers is missing",
    ),
    "empty": (GOOD, "", "1: the file is empty; give version and waivers"),
    "a second document": (
        GOOD,
        f"{GOOD}---\nversion: 1\n",
        "18: only one document is read, with version and waivers; take the others out",
    ),
    "a text": (
        GOOD,
        "waivers",
        "1: the value 'waivers' where fields with names are expected",
    ),
    "a list of texts": (
        GOOD,
        "version: 1\nwaivers: [all]",
        "2: waivers[0]: the value 'all' where fields with names are expected",
    ),
    "everything at once": (
        "approver: grace\n    reason: The index is built on Thursday.\n    rules: [deck-latency,",
        "approver: Ada\n    reason: ' '\n    rules: [deck-late,",
        (
            "5: waivers[0].approver: 'Ada' owns the waiver; somebody else than its owner "
            "approves it\n"
            "6: waivers[0].reason: it is empty; say why\n"
            "7: waivers[0].rules[0]: no rule of this run is called 'deck-late'; did you mean "
            "deck-latency?"
        ),
    ),
}


def written(folder: Path, text: str) -> Path:
    file = folder / "waivers.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_good_waivers_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    assert read_waivers(file, RULES, TODAY) == (
        Waiver(
            "slow-deck",
            "ada",
            "grace",
            "The index is built on Thursday.",
            ("deck-latency", "swipe-p95"),
            date(2026, 3, 9),
            str(file),
            3,
        ),
        Waiver(
            "lost-mails",
            "grace",
            "ada",
            "The mail server moves.",
            ("few-errors",),
            TODAY,
            str(file),
            10,
        ),
    )


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_place_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    right, wrong, told = WRONG[case]
    assert right in GOOD
    file = written(tmp_path, GOOD.replace(right, wrong, 1))
    with pytest.raises(WaiversError) as caught:
        read_waivers(file, RULES, TODAY)
    assert str(caught.value).replace(f"{file}:", "") == told


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match=r"absent\.yml:1: the file cannot be read"):
        read_waivers(tmp_path / "absent.yml", RULES, TODAY)


def test_a_waiver_holds_on_its_last_day_and_no_longer(tmp_path: Path) -> None:
    last = GOOD[: GOOD.index("  - id: lost-mails")]
    file = written(tmp_path, last)
    assert read_waivers(file, RULES, date(2026, 3, 9))
    with pytest.raises(WaiversError, match="ended 1 day ago"):
        read_waivers(file, RULES, date(2026, 3, 10))


def test_the_day_is_that_of_the_machine_in_utc(tmp_path: Path) -> None:
    day = datetime.now(UTC).date()
    text = GOOD[: GOOD.index("  - id: lost-mails")]
    text = text.replace("2026-03-09", str(day)).replace("2026-03-02", str(day - timedelta(7)))
    assert read_waivers(written(tmp_path, text), RULES)
    ended = text.replace(f"expires: {day}", f"expires: {day - timedelta(2)}")
    with pytest.raises(WaiversError, match=r"ended [23] days ago"):
        read_waivers(written(tmp_path, ended), RULES)


def test_the_committed_file_waives_nothing() -> None:
    assert read_waivers(COMMITTED, (), TODAY) == ()


def test_the_example_in_the_committed_file_can_be_used(tmp_path: Path) -> None:
    example = re.findall(r"^#   (.*)$", COMMITTED.read_text(encoding="utf-8"), re.MULTILINE)
    text = "\n".join(["version: 1", "waivers:", *example])
    (waiver,) = read_waivers(written(tmp_path, text), RULES, TODAY)
    assert waiver.rules == ("deck-latency",)
