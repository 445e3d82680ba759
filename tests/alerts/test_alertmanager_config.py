"""The configuration as it is committed."""

from __future__ import annotations

import yaml

from alerts.alertmanager_config import alertmanager_document
from alerts.artifacts import GENERATED
from alerts.burn_rate import inhibit_rules


def test_the_file_says_what_the_document_says() -> None:
    written = (GENERATED / "alertmanager.yml").read_text()
    assert yaml.safe_load(written) == alertmanager_document()
    # A reader of the file need not follow anchors.
    assert "*id" not in written


def test_burns_mute_those_of_the_same_objective_alone() -> None:
    rules = alertmanager_document()["inhibit_rules"]
    assert isinstance(rules, list)
    assert rules[:3] == inhibit_rules()
    assert all(
        rule["equal"] == ["sloth_id", "sloth_service", "sloth_slo"] for rule in inhibit_rules()
    )
