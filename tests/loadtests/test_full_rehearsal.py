"""The full-size rehearsals that `make demo` runs; long, so `make prove` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rehearsals import rehearse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("fault", "broken"),
    [("none", ()), ("errors", ("swipe-availability",)), ("slow", ("swipe-latency",))],
)
def test_a_hundred_requests_a_second_for_a_minute(
    tmp_path: Path, fault: str, broken: tuple[str, ...]
) -> None:
    done = rehearse(tmp_path, "--once", "--fault", fault)
    assert done.code == (1 if broken else 0), done.said
    (attempt,) = done.report["attempts"]
    assert set(broken) <= {slo["slo"] for slo in attempt["slos"] if slo["verdict"] == "exhausted"}
    counted = attempt["conservation"]
    # A swipe that was stored and then failed is a row that nobody was told of.
    assert counted["problems"] == []
    assert counted["rows"] >= counted["acknowledged"] > 0
    assert attempt["load"]["sent"] == attempt["load"]["planned"] > 5_000
