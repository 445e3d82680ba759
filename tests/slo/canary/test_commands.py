"""One look, and what is refused before anything is shifted."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from slo.canary.commands import canary_command
from tests.slo.canary.play import CANARY, NAME, STABLE
from tests.slo.canary.walks import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slo.canary.play import Receiver, Stage
    from tests.slo.conftest import History, Serve

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "http://127.0.0.1:9"
HOOK = ("--webhook-url", f"{URL}/of-the-hook")


def series(version: str, error: str = "", le: str = "") -> str:
    labels = (
        f'job="petswipe-api",version="{version}",instance="{version}:1",error_type="{error}",'
        f'http_route="/api/swipes",http_request_method="POST",'
        f'http_response_status_code="{500 if error else 201}"'
    )
    return f'{NAME}_bucket{{{labels},le="{le}"}}' if le else f"{NAME}_count{{{labels}}}"


def history() -> History:
    """Let stable be well for an hour, and the canary fail from the second half on."""
    minutes = [BEGIN.timestamp() + 60 * minute for minute in range(60)]
    found: dict[str, list[tuple[float, int]]] = {}
    for version in ("1.9", "2.0"):
        steady = [(moment, 1_000 * number) for number, moment in enumerate(minutes)]
        found |= {series(version, le=le): steady for le in ("", "0.3", "1.0")}
    failing = [(moment, 200 * number) for number, moment in enumerate(minutes[30:])]
    found[series("2.0", "error")] = failing
    # Another process of stable ends after twelve minutes.
    for le in ("", "0.3", "1.0"):
        other = series("1.9", le=le).replace("1.9:1", "1.9:2")
        found[other] = [(moment, 1_000 * number) for number, moment in enumerate(minutes[:13])]
    return found


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(history())


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def either(request: pytest.FixtureRequest, url: str, victoria: Serve) -> str:
    return url if request.param == "prometheus" else victoria(history())


def once(url: str, minute: int, *further: str) -> subprocess.CompletedProcess[str]:
    at = (BEGIN + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return run(url, "--once", "--at", at, *further)


def test_one_look_at_a_moment_is_the_same_every_time(url: str) -> None:
    first = once(url, 20)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        "canary 5,000 stable 5,000 events; errors 0.00 % [0.00, 0.08]; slower than 1 s 0.00 % "
        "[0.00, 0.08]; errors more than stable 0.00 % [-0.08, 0.08]; slower than 0.3 s more than "
        "stable 0.00 % [-0.08, 0.08] → promote: every limit is surely kept\n"
    )
    assert once(url, 20).stdout == first.stdout


@pytest.mark.parametrize(
    ("minute", "code", "because"),
    [
        (20, 0, "every limit"),
        (40, 1, "errors: 16.67 %"),
        (3, 3, "stable had no series at the start"),
        (200, 3, "there is no series"),
    ],
)
def test_one_look_exits_as_it_decides(either: str, minute: int, code: int, because: str) -> None:
    done = once(either, minute, "--format", "json")
    assert done.returncode == code, done.stdout
    document = json.loads(done.stdout)
    assert because in document["reasons"][0] + document["reasons"][-1]
    assert (document["decision"] == "promote") is (code == 0)


def test_processes_of_stable_may_end_but_those_of_the_canary_must_not(either: str) -> None:
    quarter = ("--seconds-a-step", "900", "--format", "json")
    done = once(either, 20, *quarter)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["stable"]["total"] == 15_000 + 7_000
    swapped = once(either, 20, *quarter, "--canary", STABLE, "--stable", CANARY)
    assert swapped.returncode == 3
    assert "1 series of the canary are gone" in json.loads(swapped.stdout)["reasons"][0]


def test_one_look_at_nothing_decides_nothing() -> None:
    done = run(URL, "--once")
    assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give one of --webhook-url-file, --webhook-url and --shift-command"),
        ((*HOOK, "--shift-command", "true"), "give one of --webhook-url-file"),
        (("--shift-command", ""), "--shift-command is empty"),
        (("--shift-command", "echo '"), "--shift-command cannot be read"),
        (("--webhook-url", "of-the-hook"), "the webhook's address is none"),
        ((*HOOK, "--weights", "5,fifty"), "no list of percentages"),
        ((*HOOK, "--weights", "5,50"), "rise from above 0 to 100"),
        ((*HOOK, "--canary", 'verson="2"'), "--canary: "),
        ((*HOOK, "--canary", STABLE), "canary and stable are the same"),
        ((*HOOK, "--slow-seconds", "0.9"), "no bucket edge"),
        ((*HOOK, "--most-errors", "100"), "not in the range"),
        ((*HOOK, "--seconds-a-step", "10"), "must not be longer than the next"),
        ((*HOOK, "--shift-timeout", "nan"), "nan is no number"),
        ((*HOOK, "--at", "2026-01-01T00:00:00Z"), "--at is for --once"),
        ((*HOOK, "--state", "/none/such/state.json"), "cannot be written"),
        (("--once", *HOOK), "--once has no state and shifts nothing"),
        (("--once", "--state", "state.json"), "--once has no state and shifts nothing"),
    ],
)
def test_misuse_is_one_sentence_and_two(arguments: tuple[str, ...], problem: str) -> None:
    options = ["--prometheus-url", URL, "--canary", CANARY, "--stable", STABLE, *arguments]
    done = CliRunner().invoke(canary_command, options)
    assert done.exit_code == 2, done.output
    assert problem in done.stderr.splitlines()[-1]
    assert "of-the-hook" not in done.stderr


def test_a_matcher_that_prometheus_refuses_is_misuse(stage: Stage, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    done = run(stage.url, "--canary", 'version=~"("', *HOOK, "--state", str(state))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: Prometheus refuses")
    assert not state.exists()


def test_the_address_and_the_secret_are_read_from_files(
    stage: Stage, receiver: Receiver, tmp_path: Path
) -> None:
    hook, secret = tmp_path / "hook", tmp_path / "secret"
    hook.write_text(f"{receiver.url}\n")
    secret.write_text("of-both\n")
    receiver.forever = 410
    files = ("--webhook-url-file", str(hook), "--webhook-secret-file", str(secret))
    done = run(stage.url, *files, "--state", str(tmp_path / "state.json"))
    assert done.returncode == 3
    assert receiver.headers[0]["X-Canary-Signature"].startswith("sha256=")
    assert "token=" not in done.stdout + done.stderr
    secret.write_text("\n")
    assert run(stage.url, *files).returncode == 2


def test_a_command_can_shift_in_place_of_a_webhook(stage: Stage, tmp_path: Path) -> None:
    out = tmp_path / "weights"
    script = tmp_path / "shift.py"
    script.write_text(f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + ' ')")
    stage.canary.failed = 1_000
    done = run(
        stage.url,
        *("--weights", "20,100", "--seconds-a-step", "1", "--look-every", "0.5"),
        *("--shift-command", f"{sys.executable} {script}", "--state", str(tmp_path / "state.json")),
    )
    assert done.returncode == 1, done.stderr
    assert out.read_text() == "20 0 "


def test_the_help_teaches() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "slo", "canary", "--help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for word in ("Roll back", "Promote", "Hold", "Idempotency-Key", "Exit codes", "--once"):
        assert word in done.stdout
