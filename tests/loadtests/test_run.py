"""`python -m loadtests run`: a service that is already there, judged by its own Prometheus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loadtests.measurement import wait_for_targets
from loadtests.stack import embedded_stack
from slo.prometheus import Prometheus
from tests.loadtests.rehearsals import PATIENCE_SECONDS, ROOT
from tests.loadtests.servers import document, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.stack import Stack

NOBODY = "http://127.0.0.1:1"


def run(*arguments: str, password: str = "unused") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "run", *arguments],
        cwd=ROOT,
        env={**os.environ, "PET_LOAD_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def scraped_stack(tmp_path: Path) -> Iterator[Stack]:
    arguments = ["--workers", "1", "--scrape-interval", "2s"]
    with (
        embedded_stack(tmp_path / "stack", arguments, {}, print) as stack,
        Prometheus(stack.prometheus) as prometheus,
    ):
        wait_for_targets(prometheus, stack.targets, stack.check)
        yield stack


@pytest.mark.timeout(300)
def test_a_running_service_is_driven_and_judged(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    with scraped_stack(tmp_path) as stack:
        seed = ("seed", "--adopters", "8", "--accounts", str(accounts))
        stack.command(*seed, environment={"PET_SEED_PASSWORD": "correct horse battery"})
        before = stack.rows()["swipes"]
        done = run(
            *("--host", stack.api, "--prometheus-url", stack.prometheus),
            *("--accounts", str(accounts), "--adopters", "8", "--seconds", "6"),
            *("--scrape-interval", "2", "--out", str(tmp_path), "swipe-availability"),
            password="correct horse battery",
        )
        rows = stack.rows()["swipes"] - before
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert [slo["slo"] for slo in report["slos"]] == ["swipe-availability"]
    assert report["conservation"]["acknowledged"] == rows > 0
    assert report["conservation"]["rows"] is None


@pytest.mark.timeout(300)
def test_accounts_that_cannot_log_in_leave_it_undecided(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("nobody@example.org\n")
    with scraped_stack(tmp_path) as stack:
        done = run(
            *("--host", stack.api, "--prometheus-url", stack.prometheus),
            *("--accounts", str(accounts), "--adopters", "1", "--seconds", "5"),
            *("--scrape-interval", "2", "--out", str(tmp_path)),
        )
    assert done.returncode == 3, done.stderr + done.stdout
    assert "1 of 1 adopters could not log in" in done.stdout


def test_misuse_is_one_sentence_before_any_load(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("a@example.org\n")
    one = ("--adopters", "1", "--out", str(tmp_path / "out"))
    with server(document()) as api:
        cases = {
            "there is no SLO 'x'": ("x", "--host", api, "--prometheus-url", NOBODY),
            "cannot be read": ("--host", api, "--prometheus-url", NOBODY, "--accounts", "absent"),
            "does not answer": ("--host", NOBODY, "--prometheus-url", NOBODY),
            "is no address": ("--host", api, "--prometheus-url", "localhost"),
            "is not reachable": ("--host", api, "--prometheus-url", NOBODY),
            "is no Prometheus": ("--host", api, "--prometheus-url", api),
        }
        for words, arguments in cases.items():
            done = run("--accounts", str(accounts), *one, *arguments)
            assert done.returncode == 2, (words, done.stderr)
            assert words in done.stderr
            assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_locustfile_says_what_it_lacks(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("a@example.org\n")
    environment = {k: v for k, v in os.environ.items() if k != "PET_LOAD_PASSWORD"}
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless"]
    done = subprocess.run(
        [*command, "-u", "1", "-H", NOBODY, "--accounts", str(accounts)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "PET_LOAD_PASSWORD is not set" in done.stderr
