from __future__ import annotations

from loadtests.options import own_rules
from loadtests.rules.read import Planned, read_rules
from loadtests.scenarios.registry import SCENARIOS
from loadtests.waivers.known import known_rules
from slo.objectives import OBJECTIVES


def test_one_file_of_waivers_may_name_the_rules_of_every_command() -> None:
    known = known_rules(())
    assert {slo.id for slo in OBJECTIVES} <= set(known)
    assert "swipe-p95-no-slower" in known
    assert "no-such-rule" not in known
    for name, scenario in SCENARIOS.items():
        operations = tuple(route.operation for route in scenario.operations)
        rules = read_rules(own_rules(name), Planned(("load",), operations))
        assert {rule.id for rule in rules} <= set(known)
        assert len(known_rules(rules)) == len(known)
