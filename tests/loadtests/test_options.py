"""Options of commands that send a load, and those that would be left without any effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.regression.asked import comparing_rules
from tests.loadtests.gates import gate

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "http://127.0.0.1:1"
RUN = ("run", "--host", NOBODY, "--prometheus-url", NOBODY)
COMPARE = ("regress", "--base", NOBODY, "--self-test")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        # Of the scenario's own rules none is relative: the baseline would not even be opened.
        ((*RUN, "--baseline", "absent.json"), "--baseline would be compared with nothing"),
        ((*RUN, "--setting", "pool_size=10"), "--setting is for --baseline, which is not given"),
        (
            (*RUN, "--rules", str(comparing_rules("swipe-hot-path"))),
            "swipe-p50-no-slower is relative to a baseline: give --baseline",
        ),
        ((*RUN, "--accounts", "absent.txt"), "absent.txt cannot be read"),
        ((*COMPARE, "--scenario", "upload"), "no rules to compare upload by; give --rules"),
    ],
)
def test_what_would_have_no_effect_is_misuse(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    ended = gate(tmp_path, *words)
    assert (ended.code, ended.stdout) == (2, "")
    assert told in ended.said
