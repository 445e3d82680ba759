from __future__ import annotations

from datetime import timedelta

from slo import conventions
from slo.objectives import DECK_LATENCY


def test_the_names_are_sloths() -> None:
    assert conventions.error_ratio(timedelta(minutes=5)) == "slo:sli_error:ratio_rate5m"
    assert conventions.error_ratio(timedelta(days=30)) == "slo:sli_error:ratio_rate30d"
    assert conventions.identity(DECK_LATENCY) == {
        "sloth_id": "petswipe-deck-latency",
        "sloth_service": "petswipe",
        "sloth_slo": "deck-latency",
    }
