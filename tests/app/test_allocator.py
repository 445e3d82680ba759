from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.allocator import CHOSEN

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc"
)

ROOT = Path(__file__).parents[2]
# Sixteen answers come and go, again and again: how many pages does the process ask for?
COMES_AND_GOES = """
import resource, sys
from app.allocator import keep_free_memory

if "keep" in sys.argv:
    keep_free_memory()

def come_and_go(times):
    for _ in range(times):
        answers = [bytes(int(sys.argv[1])) for _ in range(16)]
        del answers

come_and_go(3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
come_and_go(100)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
DECK, DOCUMENT = 40_000, 300_000
PAGES = {size: 100 * 16 * size // 4096 for size in (DECK, DOCUMENT)}


def faults(size: int, *arguments: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COMES_AND_GOES, str(size), *arguments],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name != CHOSEN},
            **environment,
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return int(done.stdout)


def test_memory_of_answers_is_not_given_back_between_them() -> None:
    # Without it, what it is there for happens.
    assert faults(DECK) > PAGES[DECK] / 2
    assert faults(DECK, "keep") < PAGES[DECK] / 100
    # What is larger must not pay for it.
    assert faults(DOCUMENT, "keep") < PAGES[DOCUMENT] / 100


def test_an_operators_own_choice_stays() -> None:
    assert faults(DECK, "keep", **{CHOSEN: "131072"}) > PAGES[DECK] / 2
