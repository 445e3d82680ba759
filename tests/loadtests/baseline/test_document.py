"""Baselines as JSON: what is read, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan

import pytest

from loadtests.baseline.document import read_document, write_document
from loadtests.baseline.model import digest
from loadtests.errors import InvalidRun, MisuseError
from tests.loadtests.baseline.recorded import KEY, RECORDED, RUNNER


def test_a_document_is_read_as_it_was_written() -> None:
    assert read_document(write_document(RECORDED), "baseline.json") == RECORDED


def document(**changed: object) -> bytes:
    given = json.loads(write_document(RECORDED))
    return json.dumps({**given, **changed}).encode()


def rounds(*values: object) -> bytes:
    return document(rules=[{"rule": "swipe-p95", "over": "run", "rounds": list(values)}])


FLAG = [True]
TWICE = {"rule": "swipe-p95", "over": "run", "rounds": [1, 2, 3, 4, 5]}
BROKEN = {
    "no JSON": (b"{", "this is no JSON: Expecting property name"),
    "no UTF-8": (b'"\xff"', "this is no JSON: 'utf-8' codec"),
    "lists without end": (b"[" * 100_000, "this is no JSON: "),
    "NaN": (rounds(1, 2, 3, 4, nan), "this is no JSON: NaN is no number"),
    "Infinity": (rounds(1, 2, 3, 4, inf), "this is no JSON: Infinity is no number"),
    "far too large": (document().replace(b"0.022", b"1e999"), "a round took inf"),
    "a number that no float holds": (rounds(1, 2, 3, 4, 10**400), "which is no reference"),
    "a list": (b"[]", "a baseline has the fields configuration, recorded, revision"),
    "a field more": (document(more=1), "a baseline has the fields"),
    "another version": (document(version=2), "version 2 is not read, only 1; record anew"),
    "a flag as version": (document(version=True), "version True is not read"),
    "a revision that is none": (document(revision=7), "revision is no text"),
    "a time without a zone": (document(recorded="2026-11-21T03:00:00"), "recorded is '2026"),
    "no time": (document(recorded="yesterday"), "recorded is 'yesterday', not a time like"),
    "a number as time": (document(recorded=7), "recorded is 7, not a time like"),
    "a runner by hand": (
        document(runner={"sha256": digest(RUNNER), "facts": {**RUNNER, "cores": "8"}}),
        "runner: it was changed by hand; record the baseline anew",
    ),
    "a configuration without hash": (
        document(configuration={"facts": {}}),
        "configuration: facts with their sha256 are expected",
    ),
    "facts that are none": (
        document(runner={"sha256": "", "facts": {"cores": 8}}),
        "runner: facts with their sha256 are expected",
    ),
    "no rules": (document(rules=[]), "there are no rules in it"),
    "a rule that is none": (document(rules=[1]), "each of its rules has rule, over and rounds"),
    "a rule twice": (document(rules=[TWICE, TWICE]), "swipe-p95 over run is in it twice"),
    "four rounds": (rounds(1, 2, 3, 4), "swipe-p95 over run: it has 4 rounds, not 5 to 1000"),
    "a text as round": (rounds(1, 2, 3, 4, "5"), "'5' is no number"),
    "a flag as round": (rounds(1, 2, 3, 4, *FLAG), "True is no number"),
    "less than nothing": (rounds(1, 2, 3, 4, -5), "a round took -5, which is no reference"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_baseline_is_refused_in_one_sentence(case: str) -> None:
    raw, told = BROKEN[case]
    with pytest.raises(MisuseError) as caught:
        read_document(raw, "baseline.json")
    assert str(caught.value).startswith("baseline.json: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [(0.1,) * 4, (0.1, 0.1, 0.1, 0.1, inf), (0.1,) * 4 + (nan,)])
def test_rounds_that_are_no_reference_are_not_recorded(values: tuple[float, ...]) -> None:
    with pytest.raises(InvalidRun, match=r"swipe-p95 over run: .*; no baseline was recorded"):
        write_document(replace(RECORDED, rounds={KEY: values}))
