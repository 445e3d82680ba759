"""Running promtool over the rehearsals of an SLO, and what it said about each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from alerts.burn_rate import slo_groups
from alerts.rehearsal.case import Case
from alerts.rule_files import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alerts.rehearsal.case import Omitted
    from slo.model import Slo

# Where `python -m app up` unpacks Prometheus, when it is installed nowhere else.
FETCHED = Path(__file__).parents[2] / ".tools" / "usr" / "bin" / "promtool"
PATIENCE_SECONDS = 600
# libyaml reads ten times as fast, but not every platform has it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A case puts its name into its expressions: not every version of promtool tells it otherwise.
NAMED = re.compile(r" # ([^\"]*)")
UNTOLD = ("", "FAILED:", "SUCCESS")
HELP = "put promtool on PATH (it comes with Prometheus), or name it with --promtool"


class PromtoolError(Exception):
    """Promtool is not to be found, or has not said what it was asked."""


class Outcome(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    OMITTED = "not simulated"


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one SLO; the detail is promtool's, or why it could not be played."""

    slo: str
    case: str
    outcome: Outcome
    detail: str = ""

    def document(self) -> dict[str, str]:
        """Turn it into JSON."""
        return {
            "slo": self.slo,
            "case": self.case,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }


def find_promtool(given: Path | None = None) -> Path:
    """Find promtool: the given one, on PATH, or fetched before; raises PromtoolError."""
    if given is not None:
        candidates = [str(given)]
    else:
        candidates = [shutil.which("promtool") or "", str(FETCHED)]
    found = next((path for path in candidates if path and Path(path).is_file()), None)
    if found is None:
        raise PromtoolError(f"promtool is not to be found: {HELP}")
    return Path(found).resolve()


def write_rules(slo: Slo, folder: Path) -> Path:
    """Write the rules of an SLO to rehearse them.

    Those of a period of the calendar are left out: no alert reads them, and a month of minutes
    would be added up at every evaluation.
    """
    groups = [
        group.document()
        for group in slo_groups(slo)
        if isinstance(slo.period, timedelta) or not group.name.endswith(":period")
    ]
    path = folder / f"{slo.service}-{slo.id}.rules.yml"
    path.write_text(dump({"groups": groups}), encoding="utf-8")
    return path


def write_suites(folder: Path, rules: Path, played: Iterable[Case]) -> list[Path]:
    """Write promtool's files, one for each distance of evaluations."""
    loaded = yaml.load(rules.read_text(encoding="utf-8"), LOADER)  # noqa: S506  # a safe one
    groups = [group["name"] for group in loaded["groups"]]
    by_step: dict[int, list[Case]] = defaultdict(list)
    for case in played:
        by_step[case.step].append(case)
    files = []
    for step, some in sorted(by_step.items()):
        document = {
            "rule_files": [rules.name],
            "evaluation_interval": f"{step}m",
            # They feed each other in this order.
            "group_eval_order": groups,
            "tests": [case.document() for case in some],
        }
        path = folder / f"{rules.name.removesuffix('.rules.yml')}-every-{step}m.test.yml"
        path.write_text(dump(document), encoding="utf-8")
        files.append(path)
    return files


def outcomes(
    slo: Slo, found: Sequence[Case | Omitted], failed: Mapping[str, str]
) -> Iterator[Result]:
    """Say of each case what became of it; raises PromtoolError for a failure of none of them."""
    name = f"{slo.service}-{slo.id}"
    if unknown := set(failed) - {case.name for case in found}:
        raise PromtoolError(f"promtool: {failed[unknown.pop()]}")
    for case in found:
        if not isinstance(case, Case):
            yield Result(name, case.name, Outcome.OMITTED, case.why)
        elif case.name in failed:
            yield Result(name, case.name, Outcome.FAILED, failed[case.name])
        else:
            yield Result(name, case.name, Outcome.PASSED)


def run(suites: Sequence[Path], promtool: Path) -> dict[str, str]:
    """Run suites; returns what promtool said by the name of each case that failed.

    What it says of no case has an empty name.
    """
    done = subprocess.run(  # noqa: S603  # a promtool that was found or given
        [promtool, "test", "rules", *(path.resolve() for path in suites)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        # It holds little and lives for seconds: collecting garbage would be a sixth of its work.
        env={"GOGC": "400", **os.environ},
    )
    if done.returncode == 0:
        return {}
    failed: dict[str, list[str]] = defaultdict(list)
    name = ""
    for line in done.stdout.splitlines():
        text = line.strip()
        if found := NAMED.search(text):
            name = found[1]
            text = text.replace(found[0], "")
        elif text.startswith("Unit Testing:"):
            name = ""
        if text not in UNTOLD and not text.startswith("Unit Testing:"):
            failed[name].append(text)
    return {name: " ".join(said) for name, said in failed.items()}
