"""What is generated and committed is what the declarations render."""

from __future__ import annotations

from alerts.artifacts import differences


def test_the_committed_rules_and_configuration_are_what_is_declared() -> None:
    assert differences() == []
