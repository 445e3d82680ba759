"""What amlint finds is a problem, but for what is meant so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.checks.routes import amlint
from alerts.reading.loaded import load
from tests.alerts.checks.routes.test_proof import branch, with_config
from tests.alerts.generated import write_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_amlint_finds_nothing_that_is_not_meant(tmp_path: Path) -> None:
    assert list(amlint.check(load(write_folder(tmp_path)))) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda doc: branch(doc, "pager").update(repeat_interval="1m"), "repeat-before-group"),
        (
            lambda doc: doc["inhibit_rules"].append(
                {"source_matchers": ['alertname="CpuHigh"'], "target_matchers": ['team="dba"']}
            ),
            "inhibit-no-equal",
        ),
        (
            lambda doc: doc["inhibit_rules"].append(
                {
                    "source_matchers": ['team="dba"'],
                    "target_matchers": ['team="dba"', 'severity="info"'],
                    "equal": ["job"],
                }
            ),
            "inhibit-same-match",
        ),
        (lambda doc: doc["route"]["routes"].insert(0, {"receiver": "chat"}), "unreachable-route"),
        (lambda doc: doc["global"].update(smtp_auth_password="pa55-word"), "plaintext-secret"),
        (lambda doc: doc.update(templates=["elsewhere.tmpl"]), "template-file-missing"),
        (
            lambda doc: doc["inhibit_rules"][-1].update(source_matchers=['alertname="Budget"']),
            "inhibit-unknown-alertname",
        ),
    ],
)
def test_what_is_not_meant_is_found(
    change: Callable[[dict[str, Any]], object], code: str, tmp_path: Path
) -> None:
    found = [str(problem) for problem in amlint.check(load(with_config(tmp_path, change)))]
    assert any(f"({code})" in one for one in found), found


@pytest.mark.parametrize("text", [None, "[]", "a: b: c"])
def test_what_is_no_configuration_is_found(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "alertmanager.yml").write_text(text)
    assert len(list(amlint.check(load(tmp_path)))) == 1


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (amlint, test_what_is_not_meant_is_found),
]
ACCEPTED = [
    (amlint, test_amlint_finds_nothing_that_is_not_meant),
]
