from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.artifacts import GENERATED, write
from alerts.checks.rules import drift
from alerts.reading.loaded import load
from alerts.reading.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

RULES = "slo-deck-latency.rules.yml"


def found(folder: Path) -> list[Problem]:
    return list(drift.check(load(folder)))


def test_the_committed_files_have_not_drifted() -> None:
    assert found(GENERATED) == []


def test_an_edited_file_is_found_with_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    lines = path.read_text().splitlines(keepends=True)
    number = next(n for n, text in enumerate(lines, 1) if "> 0.72" in text)
    lines[number - 1] = lines[number - 1].replace("0.72", "0.9")
    path.write_text("".join(lines))
    assert found(tmp_path) == [
        Problem(
            "rules/drift",
            f"{path}:{number}",
            "not what is declared; run `make build`, edit the source",
        )
    ]


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "prometheus.yml"
    path.unlink()
    assert found(tmp_path) == [Problem("rules/drift", str(path), "missing; run `make build`")]


def test_a_stray_file_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "slo-retired.rules.yml"
    path.write_text("groups: []\n")
    assert found(tmp_path) == [
        Problem("rules/drift", str(path), "nothing declares it; run `make build`")
    ]


def test_a_problem_is_one_line_with_the_place_first() -> None:
    problem = Problem("rules/drift", "a.yml:3", "not what is declared")
    assert str(problem) == "a.yml:3: not what is declared [rules/drift]"


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (drift, test_an_edited_file_is_found_with_its_line),
]
ACCEPTED = [
    (drift, test_the_committed_files_have_not_drifted),
]
