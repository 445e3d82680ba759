"""`python -m loadtests run`: what it is given is checked first, and a real service is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loadtests.measurement import wait_for_targets
from loadtests.stack import embedded_stack
from slo.prometheus import Prometheus
from tests.loadtests.gates import PASSWORD, PATIENCE_SECONDS, ROOT, arguments, gate, undisturbed
from tests.loadtests.pretend import pretending
from tests.loadtests.servers import document, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.stack import Stack
    from tests.loadtests.gates import Ended

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """Return the address of an API that can be checked, and is no Prometheus."""
    with server(document()) as url:
        yield url


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("swipe-availabilty",), "there is no SLO 'swipe-availabilty'"),
        (("--accounts", "absent.txt"), "the accounts file absent.txt cannot be read: No such"),
        (("--sessions", "11"), "accounts.txt has 10 accounts for 11 sessions"),
        (("--rules", "absent.yml"), "File 'absent.yml' does not exist"),
        (("--waivers", "absent.yml"), "File 'absent.yml' does not exist"),
        (("--host", NOBODY), f"the API at {NOBODY} does not answer"),
        (("--host", "localhost"), "'localhost' is no address like"),
        (("--prometheus-url", "localhost"), "is no address"),
        (("--prometheus-url", NOBODY), f"Prometheus at {NOBODY} is not reachable"),
        (("--grafana-token-file", __file__), "--grafana-token-file is for --grafana-url"),
        (("--scenario", "swipe"), "'swipe' is not one of"),
        (("--shape", "flat"), "'flat' is not one of"),
        (("--rate", "0"), "0 is not in the range 0<x<=100000"),
        (("--seconds", "1"), "1 is not in the range 5<=x"),
    ],
)
def test_misuse_is_said_before_any_load(
    words: tuple[str, ...], said: str, api: str, tmp_path: Path
) -> None:
    given = arguments(tmp_path, api=api, prometheus=api)
    ended = gate(tmp_path, "run", *given, *words)
    assert (ended.code, ended.stdout) == (2, "")
    (error,) = [line for line in ended.stderr.splitlines() if line.startswith("Error: ")]
    assert said in error
    assert ended.stderr.endswith(f"{error}\n")
    assert not ended.out.exists()


@pytest.mark.parametrize("missing", ["--host", "--prometheus-url"])
def test_an_address_has_to_be_given(missing: str, api: str, tmp_path: Path) -> None:
    given = arguments(tmp_path, api=api, prometheus=api)
    at = given.index(missing)
    ended = gate(tmp_path, "run", *given[:at], *given[at + 2 :])
    assert ended.code == 2
    assert f"Missing option '{missing}'" in ended.said


def test_what_is_no_api_is_asked_for_nothing_else(tmp_path: Path) -> None:
    with pretending() as other:
        other.pages[b"/openapi.json"] = document("/api/swipes")
        ended = gate(tmp_path, "run", *arguments(tmp_path, api=other.url, prometheus=other.url))
        assert ended.code == 2
        assert "has no POST /api/swipes" in ended.said
        assert other.asked == {b"/openapi.json": 1}


@contextmanager
def scraped_stack(folder: Path) -> Iterator[Stack]:
    words = ["--workers", "1", "--scrape-interval", "2s", "--no-exporters"]
    environment = {"PET_TRUSTED_PROXIES": "127.0.0.1"}
    with (
        embedded_stack(folder / "stack", words, environment, print) as stack,
        Prometheus(stack.prometheus) as prometheus,
    ):
        wait_for_targets(prometheus, stack.targets, stack.check)
        yield stack


@pytest.mark.timeout(400)
def test_a_running_service_is_driven_and_judged(tmp_path: Path) -> None:
    with scraped_stack(tmp_path) as stack:
        accounts = tmp_path / "seeded.txt"
        seed = ("seed", "--adopters", "10", "--accounts", str(accounts))
        stack.command(*seed, environment={"PET_SEED_PASSWORD": PASSWORD})

        def run(folder: Path) -> Ended:
            given = arguments(folder, api=stack.api, prometheus=stack.prometheus)
            own = ("--accounts", str(accounts), "--scrape-interval", "2", "--rate", "20")
            return gate(folder, "run", *given, *own)

        before = stack.rows()["swipes"]
        ended = undisturbed(tmp_path, run)
        rows = stack.rows()["swipes"] - before
    assert ended.code == 0, ended.said
    (attempt,) = ended.report["attempts"]
    assert [ruling["rule"] for ruling in ended.report["rulings"]] == [
        "few-errors",
        "swipe-availability",
    ]
    # Of an earlier try, too, when the machine was busy.
    assert rows >= attempt["conservation"]["acknowledged"] > 0
    assert attempt["conservation"]["rows"] is None


def test_the_locustfile_says_what_it_lacks(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("a@example.org\n")
    environment = {k: v for k, v in os.environ.items() if k != "PET_LOAD_PASSWORD"}
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless"]
    for words, said in (
        (("--accounts", str(accounts)), "PET_LOAD_PASSWORD is not set"),
        ((), "the scenario swipe-hot-path needs accounts: give --accounts FILE"),
        (("--accounts", str(accounts), "-u", "2"), "has 1 accounts for 2 sessions"),
    ):
        done = subprocess.run(
            [*command, "-H", NOBODY, "-u", "1", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
