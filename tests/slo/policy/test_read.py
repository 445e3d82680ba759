"""Policies that are refused, each with its line and what would be right; and ours, which is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from slo.objectives import OBJECTIVES
from slo.policy.model import Change, Young
from slo.policy.read import read_policy
from slo.specs.locate import SpecError

OURS = Path(__file__).parents[3] / "slo" / "policy.yaml"
IDS = [slo.id for slo in OBJECTIVES]
GOOD = """\
version: 1
bands:
  - {name: much, left: {above: 50 %}, allows: [feature, security, rollback], warns: [feature]}
  - {name: some, left: {from: 10 %, to: 50 %}, allows: [security, rollback]}
  - {name: none, left: {below: 10 %}, allows: [rollback]}
fast_burn: {allows: [rollback]}
data: {newest_at_most: 2m, history_at_least: 3d, younger: undecided, minimum_events: 100}
slos:
  swipe-latency: {minimum_events: 0, younger: judge}
freezes:
  - name: weekend
    reason: Nobody is here.
    zone: Europe/Berlin
    weekly: {from: Fri 16:00, to: Mon 07:00}
    exempt: [rollback]
  - name: holidays
    reason: Nobody is here.
    zone: UTC
    dates: {from: 2026-12-18 16:00, to: 2027-01-04 07:00}
    exempt: [rollback]
"""


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "policy.yaml"
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_policy(file, IDS)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def test_a_policy_is_what_its_file_says(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD)
    found = read_policy(file, IDS)
    assert [band.name for band in found.bands] == ["much", "some", "none"]
    assert found.bands[0].warns == {Change.FEATURE}
    assert found.burn_allows == {Change.ROLLBACK}
    assert found.rules("deck-latency").minimum_events == 100
    rules = found.rules("swipe-latency")
    assert (rules.minimum_events, rules.younger) == (0, Young.JUDGE)
    assert (rules.newest_at_most, rules.history_at_least) == (
        timedelta(minutes=2),
        timedelta(days=3),
    )
    assert [freeze.name for freeze in found.freezes] == ["weekend", "holidays"]


def test_bands_may_stand_in_any_order(tmp_path: Path) -> None:
    lines = GOOD.splitlines(keepends=True)
    file = tmp_path / "policy.yaml"
    file.write_text("".join([*lines[:2], lines[4], lines[2], lines[3], *lines[5:]]))
    assert [band.name for band in read_policy(file, IDS).bands] == ["much", "some", "none"]


def test_ours_wants_ten_bad_events_in_every_budget() -> None:
    policy = read_policy(OURS, IDS)
    for slo in OBJECTIVES:
        assert policy.rules(slo.id).minimum_events == 10 / slo.budget


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 2", "1: version: '2' is none of its values; one of 1"),
        ("version: 1\n", "", "1: version is missing"),
        ("fast_burn:", "fast-burn:", "6: fast-burn: there is no such field; did you mean fast_bur"),
        ("above: 50 %", "above: 60 %", "4: bands[1]: 50 % to 60 % left is in no band; let some e"),
        ("above: 50 %", "above: 40 %", "4: bands[1]: some and much overlap; let one end where"),
        ("above: 50 %", "from: 50 %", "4: bands[1]: 50 % itself is in both of some and much; be"),
        ("to: 50 %", "below: 50 %", "4: bands[1]: 50 % itself is in neither of some and much"),
        ("below: 10 %", "to: 10 %", "5: bands[2]: 10 % itself is in both of none and some"),
        ("below: 10 %", "from: 1 %, below: 10 %", "5: bands[2]: no band has less than 1 % left"),
        ("above: 50 %", "above: 50 %, to: 90 %", "3: bands[0]: no band has more than 90 % left"),
        ("from: 10 %, to", "from: 50 %, to", "4: bands[1].left: it ends where it begins or befo"),
        ("from: 10 %, to", "from: 60 %, to", "4: bands[1].left: it ends where it begins or befo"),
        ("from: 10 %, to: 50 %", "", "4: bands[1].left: give above or from, below or to"),
        (
            "above: 50 %",
            "above: 50 %, from: 50 %",
            "3: bands[0].left.from: give above or from, no",
        ),
        ("above: 50 %", "above: 50", "3: bands[0].left.above: '50' is no share of the error budg"),
        ("above: 50 %", "above: 150 %", "3: bands[0].left.above: '150 %' is no share of the err"),
        ("above: 50 %", "over: 50 %", "3: bands[0].left.over: there is no such field"),
        ("name: some", "name: much", "4: bands[1]: the name much is also in line 3; rename one"),
        ("name: some", "name: ''", "4: bands[1].name: give one line of at most 200 letters"),
        ("[security, rollback]}", "[securty, rollback]}", "did you mean security?"),
        ("[security, rollback]}", "[rollback, rollback]}", "rollback is named twice; keep one"),
        (
            "allows: [rollback]}\nfast",
            "allows: []}\nfast",
            "5: bands[2].allows: rollback is missi",
        ),
        (
            "allows: [rollback]}\nfast",
            "allows: [feature, rollback]}\nfast",
            "none allows feature an",
        ),
        ("warns: [feature]", "warns: [reliability]", "'reliability' is none of its values"),
        (
            "{allows: [rollback]}\ndata",
            "{allows: [security]}\ndata",
            "6: fast_burn.allows: rollback",
        ),
        ("newest_at_most: 2m", "newest_at_most: 2 min", "'2 min' is no duration; a whole number"),
        ("newest_at_most: 2m", "newest_at_most: 1s", "'1s' is not from 15s to 1h"),
        ("history_at_least: 3d", "history_at_least: 60d", "'60d' is not from 1h to 30d"),
        ("younger: undecided,", "younger: allow,", "'allow' is none of its values; one of undecid"),
        ("minimum_events: 100", "minimum_events: -1", "'-1' is no whole number, like 1000"),
        (", minimum_events: 100", "", "7: data: minimum_events is missing"),
        (
            "  swipe-latency:",
            "  swipe-latenzy:",
            "9: slos.swipe-latenzy: there is no SLO 'swipe-la",
        ),
        ("{minimum_events: 0,", "{minimum: 0,", "9: slos.swipe-latency.minimum: there is no such"),
        ("zone: Europe/Berlin", "zone: Berlin", "'Berlin' is no time zone; did you mean Europe/Be"),
        ("zone: Europe/Berlin", "zone: Europe/Berlim", "did you mean Europe/Berlin?"),
        ("zone: Europe/Berlin", "zone: ../etc", "'../etc' is no time zone"),
        ("from: Fri 16:00", "from: Friday 16:00", "'Friday' is no day; did you mean Fri?"),
        ("from: Fri 16:00", "from: Fri 24:00", "'Fri 24:00' is no time of the week; a day and a"),
        ("to: Mon 07:00", "to: Fri 16:00", "it ends where it begins; give another time"),
        ("2027-01-04 07:00", "2027-02-30 07:00", "'2027-02-30 07:00' is no date with a time"),
        ("2027-01-04 07:00", "2025-01-04 07:00", "it ends where it begins or before; swap from an"),
        ("name: holidays", "name: weekend", "the name weekend is also in line 11; rename one"),
        (
            "    exempt: [rollback]\n  - name: h",
            "    exempt: [security]\n  - name: h",
            "rollback is",
        ),
        (
            "    exempt: [rollback]\n  - name: h",
            "  - name: h",
            "11: freezes[0]: exempt is missing",
        ),
        ("    weekly: {from: Fri 16:00, to: Mon 07:00}\n", "", "give weekly or dates, one of them"),
        ("version: 1", "---\nversion: 1\n---\n", "only one policy is read; take the others out"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    assert GOOD.count(old) >= 1
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(said in problem for problem in found), found


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("2m", "2x").replace("Fri 16", "Fry 16").replace("UTC", "UCT/x")
    assert [problem.split(":")[0] for problem in problems(tmp_path, text)] == ["7", "14", "18"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty; give version, bands, fast_burn and data"),
        ("version: [", "this is not YAML"),
        ("a text", "where fields with names are expected"),
        (GOOD.replace("bands:", "bands: []\nothers:"), "there are no bands; without any, nothing"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, said: str, tmp_path: Path) -> None:
    assert any(said in problem for problem in problems(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the file cannot be read: No such file"):
        read_policy(tmp_path / "nowhere.yaml", IDS)
