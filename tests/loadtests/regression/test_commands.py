"""The commands, as a pipeline runs them: refused before any load, and against real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from app.telemetry.catalog import DECK_READ
from loadtests.arrivals.schedule import Schedule, Step
from loadtests.baseline.configuration import keys_of
from loadtests.errors import MisuseError
from loadtests.plan import LoadOptions, LoadPlan
from loadtests.regression.asked import comparing_rules
from loadtests.regression.commands import baseline
from loadtests.regression.commands import regress as regress_command
from loadtests.regression.judge import relative_rules
from loadtests.regression.measuring import Meter
from loadtests.regression.rounds import Game
from loadtests.regression.run import Match, regress
from loadtests.rules.read import Planned, read_rules
from tests.loadtests.pretend import ANSWERS, Pretended, pretending
from tests.loadtests.regression.simulated import RATE
from tests.loadtests.servers import documented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from click import Command

PLACES = """\
version: 1
rules:
  - id: swipe-p50
    reason: Half of all swipes get slower when every one of them does more.
    over: run
    measure: {kind: quantile, operation: POST /api/swipes, quantile: 0.5}
    limit:
      baseline: {fail: {tolerance: 50 %, floor: 6 ms}}
"""
SERVER_SIDE = """\
version: 1
rules:
  - id: swipe-available
    reason: It is promised.
    over: run
    measure: {kind: slo, slo: swipe-availability}
    limit:
      baseline: {fail: {tolerance: 5 %, floor: 1 %}}
"""
ABSOLUTE = PLACES.replace(
    "baseline: {fail: {tolerance: 50 %, floor: 6 ms}}", "at_most: {fail: 1 s}"
)
NOWHERE = "http://127.0.0.1:9"
ONE, OTHER = ("--base", NOWHERE), ("--candidate", "http://127.0.0.1:10")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], Pretended]]:
    """Start servers that need so many seconds for every answer."""
    monkeypatch.setitem(ANSWERS, b"/openapi.json", (200, documented()))
    with ExitStack() as stack:

        def start(busy: float) -> Pretended:
            server = stack.enter_context(pretending())
            server.busy = busy
            return server

        yield start


def refusal(command: Command, folder: Path, words: Sequence[str], rules: str) -> str:
    """Return what a command says that refuses its options."""
    file, accounts = folder / "rules.yml", folder / "accounts.txt"
    file.write_text(rules)
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(10)))
    filled = [word.replace("{folder}", str(folder)) for word in words]
    done = CliRunner().invoke(
        command, [*filled, "--rules", str(file)], env={"PET_LOAD_PASSWORD": "secret"}
    )
    assert isinstance(done.exception, MisuseError)
    return str(done.exception)


def command(folder: Path, *words: str, rules: str = PLACES) -> subprocess.CompletedProcess[str]:
    file, accounts = folder / "rules.yml", folder / "accounts.txt"
    file.write_text(rules)
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(10)))
    return subprocess.run(
        [sys.executable, "-m", "loadtests", *words, "--rules", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PET_LOAD_PASSWORD": "secret"},
    )


@pytest.mark.parametrize(
    ("words", "rules", "told"),
    [
        (ONE, PLACES, "there is nothing to compare; give --candidate, or --self-test"),
        ((*ONE, "--candidate", f"{NOWHERE}/"), PLACES, "base and candidate are the same"),
        ((*ONE, *OTHER, "--self-test"), PLACES, "leave --candidate out"),
        ((*ONE, *OTHER, "--rounds", "4"), PLACES, "4 rounds decide nothing; at least 5"),
        ((*ONE, *OTHER), ABSOLUTE, "no rule compares with a baseline"),
        ((*ONE, *OTHER), SERVER_SIDE, "rules.yml:3: swipe-available asks Prometheus"),
        ((*ONE, *OTHER), "", "rules.yml:1: the file is empty"),
        ((*ONE, *OTHER), PLACES, "give --accounts and PET_LOAD_PASSWORD"),
        ((*ONE, *OTHER, "--accounts", "absent.txt"), PLACES, "absent.txt cannot be read"),
        (
            (*ONE, *OTHER, "--accounts", "{folder}/accounts.txt"),
            PLACES,
            "has 10 accounts for 100 sessions",
        ),
        (
            (*ONE, *OTHER, "--accounts", "{folder}/accounts.txt", "--sessions", "10"),
            PLACES,
            f"the API at {NOWHERE} does not answer",
        ),
    ],
)
def test_misuse_is_one_sentence_before_any_load(
    words: tuple[str, ...], rules: str, told: str, tmp_path: Path
) -> None:
    assert told in refusal(regress_command, tmp_path, words, rules)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "{folder}/rules.yml"), "drift is found against it; --replace"),
        (("--to", "ftp://a/b"), "is no place for a baseline"),
        (("--to", "{folder}/b.json", "--setting", "pool_size"), "'pool_size' is no setting"),
        (("--to", "{folder}/b.json", "--setting", "a=1", "--setting", "a=2"), "a is given twice"),
        (("--to", "{folder}/b.json", "--setting", "jwt_key=x"), "jwt_key looks like a secret"),
    ],
)
def test_a_baseline_that_cannot_be_kept_is_refused_before_any_load(
    words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    given = ("record", "--host", NOWHERE, "--revision", "a", *words)
    assert told in refusal(baseline, tmp_path, given, PLACES)


def test_misuse_is_one_sentence_and_2(tmp_path: Path) -> None:
    done = command(tmp_path, "regress", *ONE, *OTHER, rules=SERVER_SIDE)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_the_rules_of_the_hot_path_compare() -> None:
    planned = Planned(("load",), ("POST /api/swipes", DECK_READ.operation))
    rules = read_rules(comparing_rules("swipe-hot-path"), planned)
    assert relative_rules(rules) == rules


def test_a_load_that_nobody_could_log_in_for_is_no_evidence(
    servers: Callable[[float], Pretended], tmp_path: Path
) -> None:
    server = servers(0.0)
    server.statuses[b"/api/auth/login"] = 503
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("a@example.org\nb@example.org\n")
    plan = LoadPlan("swipe-hot-path", Schedule((Step("load", 100, 2),)), 2)
    options = LoadOptions(NOWHERE, plan, accounts, "secret", tmp_path)
    game = Game(Meter(options, [RATE], 10, lambda _: None).measure, keys_of([RATE]), lambda _: None)
    found = regress(Match(server.url, server.url, [RATE], [], 5), game)
    assert found.decision.outcome.exit_code == 3
    assert found.invalid.startswith("round 1 of 5, base: ")
    assert set(server.asked) == {b"/api/auth/login"}


def asked(folder: Path) -> tuple[str, ...]:
    load = ("--shape", "smoke", "--rate", "20", "--seconds", "5", "--sessions", "10")
    return (*load, "--accounts", str(folder / "accounts.txt"), "--out", str(folder / "out"))


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_slower_candidate_is_found(servers: Callable[[float], Pretended], tmp_path: Path) -> None:
    base, candidate = servers(0.005), servers(0.025)
    words = ("--base", base.url, "--candidate", candidate.url, *asked(tmp_path))
    done = command(tmp_path, "regress", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    document = json.loads((tmp_path / "out" / "regression.json").read_text())
    assert document["decision"] == "block"
    (ruling,) = document["rulings"]
    assert ruling["status"] == "failed"
    assert ruling["measured"] > ruling["compared"] + 0.015
    assert len(document["rounds"]) == 5


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_self_test_publishes_the_noise_of_this_machine(
    servers: Callable[[float], Pretended], tmp_path: Path
) -> None:
    base = servers(0.005)
    done = command(tmp_path, "regress", "--base", base.url, "--self-test", *asked(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    (noise,) = json.loads((tmp_path / "out" / "noise.json").read_text())["rules"]
    assert noise["rule"] == "swipe-p50"
    assert noise["ratio"]["low"] < noise["ratio"]["high"]
    assert noise["smallest_floor"] < 0.006


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_baseline_is_recorded_once_and_shown(
    servers: Callable[[float], Pretended], tmp_path: Path
) -> None:
    host, place = servers(0.005).url, str(tmp_path / "baseline.json")
    words = ("--host", host, "--to", place, "--revision", "abc", *asked(tmp_path))
    done = command(tmp_path, "baseline", "record", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "swipe-p50" in done.stdout
    again = command(tmp_path, "baseline", "record", *words)
    assert again.returncode == 2
    shown = subprocess.run(
        [sys.executable, "-m", "loadtests", "baseline", "show", place],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "revision abc" in shown.stdout
    assert "scenario: swipe-hot-path" in shown.stdout
