"""The whole measurement, as small as it can be: it decides nothing, and says so."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.instrumentation import NONE, OURS, PUBLIC
from tests.loadtests.bench.programs import bench

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells CPU time")


@pytest.mark.timeout(180)
def test_one_round_is_measured_and_too_few_to_tell(tmp_path: Path) -> None:
    done = bench("instrumentation", "--rounds", "1", "--requests", "50", "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr
    assert "1 rounds are too few" in done.stdout
    told = json.loads((tmp_path / "instrumentation.json").read_text())
    assert told["decision"] == "undecided"
    assert {sample["variant"] for sample in told["samples"]} == {NONE, OURS, PUBLIC}
    for sample in told["samples"]:
        assert sample["requests"] == 50 + 1, "the last one settles"
        assert 100 < sample["cpu"] < 100_000
        assert 0 < sample["p50"] <= sample["p95"] <= sample["p99"]
        assert sample["behind"].keys() == {"postgres", "valkey"}
        assert min(sample["behind"].values()) > 0
    assert (tmp_path / "instrumentation.md").read_text().startswith("## Cost of telemetry")
    assert "round 1 of 1" in done.stderr
    assert not list(tmp_path.glob("stack.json"))


def test_the_help_says_what_is_measured_and_what_the_codes_mean() -> None:
    shown = " ".join(
        f"{bench('--help').stdout} {bench('instrumentation', '--help').stdout}".split()
    )
    for word in ("--rounds", "--requests", "CPU time", "Exit codes: 0", "at most 10 %"):
        assert word in shown
