from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.metric_commands import check_budget
from app.telemetry.catalog import METRICS, SERIES_BUDGET

if TYPE_CHECKING:
    from tests.app.conftest import Command


def test_every_metric_is_listed_with_what_it_feeds(command: Command) -> None:
    listed = command("metrics")
    assert listed.returncode == 0
    for metric in METRICS:
        assert f"{metric.name}  {metric.kind}, for {metric.uses[0]}" in listed.stdout
    api, dispatcher = listed.stdout.splitlines()[-2:]
    assert api.startswith("API: ")
    assert dispatcher.startswith("dispatcher: ")


@pytest.mark.parametrize(("above", "fine"), [(0, True), (1, False)])
def test_one_series_above_the_budget_is_too_many(above: int, fine: bool) -> None:
    assert check_budget({"API": SERIES_BUDGET + above, "dispatcher": 1}) is fine
