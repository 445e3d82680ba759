"""LogQL: what Loki takes, and what it refuses."""

from __future__ import annotations

import pytest

from dashboards.checks.logql import windows

APP = '{service_name="petswipe-api"}'


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (APP, []),
        ('{a="b", c!~"d|e"} |= "x" or "y" != `z` |~ "q"', []),
        (f'{APP} | json | level=~"(?i)error|critical"', []),
        (f'{APP} | json status="http.status", path | status >= 500 and path != "/health"', []),
        (f"{APP} | logfmt --strict | (took > 1.5s or size > 20KB), user=ip(`10.0.0.0/8`)", []),
        (f'{APP} | regexp "(?P<x>.*)" | line_format "{{{{.x}}}}" | label_format a=b,c="d"', []),
        (f"{APP} | pattern `<ip> <_>` | drop ip | keep level, job | decolorize", []),
        (f'{APP} != ip("10.0.0.1")', []),
        (f"rate({APP}[5m])", ["5m"]),
        (f'sum by (a, b) (count_over_time({APP} |= "x" [1m30s] offset 1h)) > bool 2', ["1m30s"]),
        (f"topk(5, sum(bytes_rate({APP}[1m])) by (job)) / on (job) group_left 3", ["1m"]),
        (f"quantile_over_time(0.99, {APP} | json | unwrap duration(took) [2m]) by (a)", ["2m"]),
        (f"sum(rate({APP}[1m])) / (sum(rate(({APP} | json)[2m])) > 0)", ["1m", "2m"]),
        (f'label_replace(rate({APP}[1m]), "a", "$1", "b", "(.*)")', ["1m"]),
        (f"max_over_time({APP} | unwrap took [1h])", ["1h"]),
    ],
)
def test_what_loki_takes_is_read_with_its_windows(query: str, found: list[str]) -> None:
    assert windows(query) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "a stream selector {…} or a function expected, not the end"),
        ("{}", "name expected, not }"),
        ("up", "a stream selector"),
        ('{job="a"', "} expected, not the end"),
        ('{job=="a"}', "= or != or =~ expected, not =="),
        (f"{APP} |= error", "string expected, not error"),
        (f"{APP} | json |", "name expected, not the end"),
        (f"{APP} | level", "= or != or =~ expected, not the end"),
        (f"{APP} | line_format level", "string expected"),
        (f"rate({APP})", "[ expected, not )"),
        (f"rate({APP}[5 minutes])", "duration expected, not 5"),
        (f"rate({APP}[5m]", ") expected, not the end"),
        (f"sum by job (rate({APP}[5m]))", "( expected, not job"),
        (f"histogram_quantile(0.9, rate({APP}[5m]))", "a stream selector"),
        (f"{APP} {APP}", "the end expected, not {"),
        (f"{APP} ; x", "not LogQL: '; x'"),
        ('{job="a}', "not LogQL: '\"a}'"),
    ],
)
def test_what_loki_refuses_is_refused_with_what_was_expected(query: str, message: str) -> None:
    with pytest.raises(ValueError, match="LogQL") as refused:
        windows(query)
    assert message in str(refused.value)
