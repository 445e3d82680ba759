from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.repository import parse
from alerts.reading.loaded import load
from tests.alerts.checks.written import good, recorded, said, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "groups: [",
        "",
        "groups:\n",
        "- groups\n",
        "groups: [{name: x}]\n",
        "groups: [{name: x, rules: [{record: a}]}]\n",
        "groups: [{name: x, rules: [{expr: a}]}]\n",
        "groups: [{name: x, rules: [words]}]\n",
        "groups: [{name: x, interval: soon, rules: []}]\n",
    ],
)
def test_a_file_that_holds_no_rules_is_a_problem_and_not_a_crash(text: str, tmp_path: Path) -> None:
    written(tmp_path, good())
    path = tmp_path / "other.rules.yml"
    path.write_text(text)
    loaded = load(tmp_path)
    (problem,) = parse.check(loaded)
    assert problem.where == str(path)
    assert problem.message.startswith("not readable: ")
    assert "\n" not in problem.message
    assert loaded.alerts, "the other files are checked all the same"


@pytest.mark.parametrize("text", ["groups: [", "words", "global: {evaluation_interval: soon}\n"])
def test_a_configuration_that_cannot_be_read_is_found(text: str, tmp_path: Path) -> None:
    written(tmp_path, good())
    (tmp_path / "prometheus.yml").write_text(text)
    problems = list(parse.check(load(tmp_path)))
    assert problems
    assert problems[0].message.startswith("not readable: ")


def test_files_that_can_be_read_are_accepted(tmp_path: Path) -> None:
    assert said(parse, written(tmp_path, good(), recorded("up"))) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (parse, test_a_file_that_holds_no_rules_is_a_problem_and_not_a_crash),
]
ACCEPTED = [
    (parse, test_files_that_can_be_read_are_accepted),
]
