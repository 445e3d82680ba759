"""Where results go: files in the folder of a run, and the page of benchmarks in the repository."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from loadtests.bench.page import html_page
from loadtests.bench.report import document, markdown
from loadtests.errors import MisuseError
from slo.gate import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.bench.report import BenchResult

BENCHMARKS = "BENCHMARKS.md"
# From what matters most.
ORDER = ("hot-path", "deck", "growth", "instrumentation", "generator", "slo")
HEADER = """\
# Benchmarks

What `make bench` has measured. Each section is written by the command that it names, with
`--record`; the limits are ratios within one run, which hold on any machine, and the times are those
of the machine that is named.
"""


class Record(StrEnum):
    """Which results are written into the page of benchmarks."""

    DECIDED = "decided"
    ANY = "any"


def write(result: BenchResult, out: Path) -> list[Path]:
    """Write a result as JSON, Markdown and HTML; returns the paths."""
    texts = {
        f"{result.name}.json": json.dumps(document(result), indent=2, allow_nan=False) + "\n",
        f"{result.name}.md": markdown(result),
        f"{result.name}.html": html_page(result),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]


def record(result: BenchResult, page: Path, which: Record) -> str:
    """Replace the section of a bench in the page of benchmarks, and say what was done.

    What is undecided stays out unless any result is wanted. Raises MisuseError when the page holds
    the begin of the section without its end.
    """
    if result.decision.outcome is Outcome.UNDECIDED and which is Record.DECIDED:
        return f"{page} is as it was: this result is undecided; --record any writes it all the same"
    before = page.read_text(encoding="utf-8") if page.is_file() else HEADER
    page.write_text(with_section(before, result.name, markdown(result)), encoding="utf-8")
    return str(page)


def with_section(page: str, name: str, section: str) -> str:
    """Return a page with this section in the place of its former one, all else as it was.

    A new one comes before those that matter less. Raises MisuseError as `record`.
    """
    begin, end = _begin(name), f"<!-- end of {name} -->\n"
    text = f"{begin}{section}{end}"
    if begin in page:
        if end not in page:
            raise MisuseError(f"{BENCHMARKS} has a line {begin.strip()} without {end.strip()}")
        former = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        return former.sub(lambda _: text, page, count=1)
    later = [page.find(_begin(other)) for other in ORDER[ORDER.index(name) + 1 :]]
    at = min((place for place in later if place >= 0), default=len(page))
    head, tail = page[:at].rstrip("\n"), page[at:]
    return f"{head}\n\n{text}" + (f"\n{tail}" if tail else "")


def _begin(name: str) -> str:
    return f"<!-- begin of {name} -->\n"
