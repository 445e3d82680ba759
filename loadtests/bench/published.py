"""The shapes of the rules that other generators publish, for a comparison of what they cost.

Written after what each generates for a ratio of events over 30 days, in our own words:

- Sloth (Apache-2.0), github.com/slok/sloth at 20ea501, examples/_gen/getting-started.yml. Its files
  set no interval; Prometheus' own default is a minute.
- Pyrra (Apache-2.0), github.com/pyrra-dev/pyrra at 00b38d0, slo/rules.go: `Burnrates`, `Windows`
  and `IncreaseRules`, by its default, which prefers accuracy to performance.
"""

from __future__ import annotations

from datetime import timedelta

from alerts.model import RecordingRule, RuleGroup
from slo.promql import duration, labels

MINUTE = timedelta(minutes=1)
SLOTH_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
# The short and the long window of each alert, and its factor.
SLOTH_PAIRS = (("5m", "1h", 14.4), ("30m", "6h", 6), ("2h", "1d", 3), ("6h", "3d", 1))
# For 30 days: windows of 28 days, stretched and rounded to a minute.
PYRRA_PAIRS = (
    (timedelta(minutes=5), timedelta(minutes=64), 14),
    (timedelta(minutes=32), timedelta(minutes=386), 7),
    (timedelta(minutes=129), timedelta(minutes=1543), 2),
    (timedelta(minutes=386), timedelta(minutes=6171), 1),
)
BURN_RATES = timedelta(seconds=30)
INCREASES = timedelta(seconds=150)


def sloth_groups(name: str, bad: str, total: str, budget: float) -> tuple[RuleGroup, ...]:
    """Make what Sloth makes of two selectors."""
    identity = {"sloth_id": name, "sloth_service": "shop", "sloth_slo": name}
    of = labels(identity)
    errors = [
        RecordingRule(
            f"slo:sli_error:ratio_rate{window}",
            f"(sum(rate({bad}[{window}]))) / (sum(rate({total}[{window}])))",
            {**identity, "sloth_window": window},
        )
        for window in SLOTH_WINDOWS
    ]
    five = f"slo:sli_error:ratio_rate5m{of}"
    month = f"sum_over_time({five}[30d]) / ignoring (sloth_window) count_over_time({five}[30d])"
    errors.append(RecordingRule("slo:sli_error:ratio_rate30d", month, {"sloth_window": "30d"}))
    by = "/ on (sloth_id, sloth_slo, sloth_service) group_left ()"
    meta = {
        "slo:objective:ratio": f"vector({1 - budget})",
        "slo:error_budget:ratio": f"vector({budget})",
        "slo:time_period:days": "vector(30)",
        "slo:current_burn_rate:ratio": f"{five} {by} slo:error_budget:ratio{of}",
        "slo:period_burn_rate:ratio": (
            f"slo:sli_error:ratio_rate30d{of} {by} slo:error_budget:ratio{of}"
        ),
        "slo:period_error_budget_remaining:ratio": f"1 - slo:period_burn_rate:ratio{of}",
        "sloth_slo_info": "vector(1)",
    }
    burning = [
        f"((slo:sli_error:ratio_rate{short}{of} > ({factor} * {budget}))"
        f" and ignoring (sloth_window)"
        f" (slo:sli_error:ratio_rate{long}{of} > ({factor} * {budget})))"
        for short, long, factor in SLOTH_PAIRS
    ]
    alerts = [
        RecordingRule(f"sloth_{severity}", " or ignoring (sloth_window) ".join(pairs))
        for severity, pairs in (("page", burning[:2]), ("ticket", burning[2:]))
    ]
    return (
        RuleGroup(f"{name}:sli", MINUTE, tuple(errors)),
        RuleGroup(f"{name}:meta", MINUTE, tuple(RecordingRule(*pair) for pair in meta.items())),
        RuleGroup(f"{name}:alerts", MINUTE, tuple(alerts)),
    )


def pyrra_groups(name: str, bad: str, total: str, budget: float) -> tuple[RuleGroup, ...]:
    """Make what Pyrra makes of two selectors of one metric."""
    of = labels({"slo": name})
    windows = sorted({window for short, long, _ in PYRRA_PAIRS for window in (short, long)})
    rates = [
        RecordingRule(
            f"http_requests:burnrate{duration(window)}",
            f"sum(rate({bad}[{duration(window)}])) / sum(rate({total}[{duration(window)}]))",
        )
        for window in windows
    ]
    alerts = [
        RecordingRule(
            "error_budget_burn",
            f"http_requests:burnrate{duration(short)}{of} > ({factor} * (1-{1 - budget})) and "
            f"http_requests:burnrate{duration(long)}{of} > ({factor} * (1-{1 - budget}))",
        )
        for short, long, factor in PYRRA_PAIRS
    ]
    increases = (
        RecordingRule("http_requests:increase30d", f"sum by (error_type) (increase({total}[30d]))"),
        RecordingRule("slo_metric_absent", f"absent({total}) == 1"),
    )
    return (
        RuleGroup(name, BURN_RATES, (*rates, *alerts)),
        RuleGroup(f"{name}-increase", INCREASES, increases),
    )
