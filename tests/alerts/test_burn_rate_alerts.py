"""Every burn-rate alert against made-up traffic, by promtool, on the committed rule files.

The numbers here are typed from the Site Reliability Workbook and from the objectives. Nothing is
computed by the code that renders the rules, so an error there cannot hide itself here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts.artifacts import GENERATED
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

HOUR, DAY = 60, 24 * 60
PERIOD = 30 * DAY
PER_MINUTE = 1_000_000
ABOVE, BELOW = Fraction("1.1"), Fraction("0.9")


@dataclass(frozen=True, slots=True)
class Service:
    """One objective: what it promises, of which requests."""

    id: str
    title: str
    objective: str
    budget: Fraction
    method: str
    route: str

    @property
    def rules(self) -> Path:
        return GENERATED / f"slo-{self.id}.rules.yml"

    @property
    def identity(self) -> dict[str, str]:
        return {
            "sloth_id": f"petswipe-{self.id}",
            "sloth_service": "petswipe",
            "sloth_slo": self.id,
        }

    def alert(self, level: str) -> str:
        return f"{self.title.title().replace(' ', '')}BudgetBurn{level}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two windows, and how to rehearse them; all times in minutes.

    `spent` of the budget is gone when a burn at the threshold has lasted the long window. Traffic
    is healthy for `healthy`, burns a little longer than the long window, and is healthy again;
    `held` after that the alert still fires, `quiet` after that it does not. `along` fire too, for
    as long as that.
    """

    level: str
    severity: str
    spent: Fraction
    long: tuple[str, int]
    short: tuple[str, int]
    step: int
    healthy: int
    held: int
    quiet: int
    along: tuple[str, ...] = ()

    @property
    def factor(self) -> Fraction:
        return self.spent * PERIOD / self.long[1]


SERVICES = {
    service.id: service
    for service in (
        Service(
            "swipe-availability",
            "Swipe availability",
            "99.95 %",
            Fraction("0.0005"),
            "POST",
            "/api/swipes",
        ),
        Service("swipe-latency", "Swipe latency", "95 %", Fraction("0.05"), "POST", "/api/swipes"),
        Service(
            "deck-availability",
            "Deck availability",
            "99.95 %",
            Fraction("0.0005"),
            "GET",
            "/api/deck",
        ),
        Service("deck-latency", "Deck latency", "95 %", Fraction("0.05"), "GET", "/api/deck"),
    )
}
PAIRS = {
    pair.long[0]: pair
    for pair in (
        Pair(
            "Page",
            "critical",
            Fraction("0.02"),
            ("1h", HOUR),
            ("5m", 5),
            step=1,
            healthy=3 * HOUR,
            held=3,
            quiet=8,
        ),
        Pair(
            "Page",
            "critical",
            Fraction("0.05"),
            ("6h", 6 * HOUR),
            ("30m", 30),
            step=5,
            healthy=12 * HOUR,
            held=5,
            quiet=15,
        ),
        # A day that spends a tenth of the budget is also three days that do.
        Pair(
            "Ticket",
            "warning",
            Fraction("0.10"),
            ("1d", DAY),
            ("2h", 2 * HOUR),
            step=20,
            healthy=2 * DAY,
            held=20,
            quiet=60,
            along=("3d",),
        ),
        Pair(
            "Ticket",
            "warning",
            Fraction("0.10"),
            ("3d", 3 * DAY),
            ("6h", 6 * HOUR),
            step=30,
            healthy=DAY,
            held=30,
            quiet=120,
        ),
    )
}
# What each pair means, as the Workbook's table and its prose give it.
FACTORS = {"1h": "14.4", "6h": "6", "1d": "3", "3d": "1"}
DAYS_LEFT = {"1h": "2.08", "6h": "5", "1d": "10", "3d": "30"}
LIMITS = {
    "99.95 %": {"1h": "0.72 %", "6h": "0.3 %", "1d": "0.15 %", "3d": "0.05 %"},
    "95 %": {"1h": "72 %", "6h": "30 %", "1d": "15 %", "3d": "5 %"},
}
# Windows that a mutant confuses with each other.
WRONG = {"1h": "6h", "6h": "1d", "1d": "3d", "3d": "30d"}


@pytest.mark.parametrize("slo", SERVICES)
@pytest.mark.parametrize("window", PAIRS)
def test_an_alert_fires_above_its_threshold_only_and_ends_after_the_burn(
    slo: str, window: str, promtool: Run, tmp_path: Path
) -> None:
    service = SERVICES[slo]
    suite = write_suite(tmp_path, service.rules, burn_of(service, PAIRS[window]))
    done = promtool("test", "rules", suite)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("slo", SERVICES)
def test_nothing_fires_while_all_is_well_or_nothing_is_known(
    slo: str, promtool: Run, tmp_path: Path
) -> None:
    service = SERVICES[slo]
    scenarios = [healthy(service), healthy(service, seen_failures=True), silence(service)]
    done = promtool("test", "rules", write_suite(tmp_path, service.rules, scenarios))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("slo", SERVICES)
def test_all_alerts_fire_in_full_words_when_everything_fails(
    slo: str, promtool: Run, tmp_path: Path
) -> None:
    service = SERVICES[slo]
    done = promtool("test", "rules", write_suite(tmp_path, service.rules, [disaster(service)]))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("slo", SERVICES)
def test_the_recorded_series_carry_sloths_names_and_the_right_numbers(
    slo: str, promtool: Run, tmp_path: Path
) -> None:
    service = SERVICES[slo]
    done = promtool("test", "rules", write_suite(tmp_path, service.rules, [half(service)]))
    assert done.returncode == 0, done.stdout


def test_every_objective_is_rehearsed() -> None:
    assert {slo.id for slo in OBJECTIVES} == set(SERVICES)


def test_the_rehearsed_factors_are_those_of_the_workbook() -> None:
    assert {name: f"{float(pair.factor):g}" for name, pair in PAIRS.items()} == FACTORS


def raised(expression: str, _: Pair) -> str:
    """Compare with three times the limit."""
    return scaled(expression, Fraction(3))


def lowered(expression: str, _: Pair) -> str:
    """Compare with half the limit."""
    return scaled(expression, Fraction(1, 2))


def confused(expression: str, pair: Pair) -> str:
    """Read another long window."""
    return expression.replace(f"ratio_rate{pair.long[0]}{{", f"ratio_rate{WRONG[pair.long[0]]}{{")


def long_only(expression: str, _: Pair) -> str:
    """Forget the short window."""
    return expression.partition(" and on ")[0]


def short_only(expression: str, _: Pair) -> str:
    """Forget the long window."""
    return expression.partition(") ")[2] if " and on (" in expression else expression


def scaled(expression: str, by: Fraction) -> str:
    limit = expression.rpartition(" > ")[2]
    return expression.replace(f" > {limit}", f" > {float(Fraction(limit) * by):g}")


MUTATIONS = (raised, lowered, confused, long_only, short_only)
MUTATED = ("swipe-availability", "deck-latency")


def mutant(service: Service, mutate: Callable[[str, Pair], str]) -> Service:
    """Name a mutant of a service: its alerts are its own."""
    return replace(service, title=f"{service.title} {mutate.__name__.replace('_', ' ')}")


@pytest.fixture(scope="module", params=MUTATED)
def rehearsed(
    request: pytest.FixtureRequest, promtool: Run, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Service, dict[str, str]]:
    """Rehearse the wrong rules beside each other: what they read is the same, and takes its time.

    Returns what promtool has to say of each pair of windows.
    """
    service, folder = SERVICES[request.param], tmp_path_factory.mktemp("mutants")
    document = yaml.safe_load(service.rules.read_text())
    *recorded, alerts = document["groups"]
    groups = []
    for mutate in MUTATIONS:
        rules = []
        for rule in alerts["rules"]:
            pair = PAIRS[rule["labels"]["long_window"]]
            assert rule["alert"] == service.alert(pair.level)
            expression = mutate(rule["expr"], pair)
            assert expression != rule["expr"]
            name = mutant(service, mutate).alert(pair.level)
            rules.append({**rule, "alert": name, "expr": expression})
        groups.append({**alerts, "name": mutate.__name__, "rules": rules})
    wrong = folder / "mutants.rules.yml"
    wrong.write_text(yaml.safe_dump({"groups": [*recorded, *groups]}))
    assert promtool("check", "rules", wrong).returncode == 0
    said = {}
    for name, pair in PAIRS.items():
        above, below = burn_of(service, pair)
        for found, at in ((above, 0), (below, 1)):
            found["promql_expr_test"] = [
                check
                for mutate in MUTATIONS
                for check in burn_of(mutant(service, mutate), pair)[at]["promql_expr_test"]
            ]
        done = promtool("test", "rules", write_suite(folder, wrong, [above, below]))
        assert done.returncode == 1, done.stdout
        said[name] = done.stdout
    return service, said


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_the_rehearsal_notices_a_wrong_rule(
    rehearsed: tuple[Service, dict[str, str]], mutate: Callable[[str, Pair], str]
) -> None:
    service, said = rehearsed
    for name, pair in PAIRS.items():
        alert = mutant(service, mutate).alert(pair.level)
        assert alert in said[name], f"{name} has survived: {said[name]}"


def burn_of(service: Service, pair: Pair) -> list[dict[str, Any]]:
    """Burn a little above the threshold, and a little below it."""
    burning = pair.long[1] + 2 * pair.step
    end = pair.healthy + burning
    healthy_before = (Fraction(0), pair.healthy)
    healthy_after = (Fraction(0), pair.quiet)
    threshold = pair.factor * service.budget
    alert = service.alert(pair.level)
    fired = (pair.long[0], *pair.along)
    pending = f'ALERTS{{alertname="{alert}"}}'
    firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    expected = [
        # The short window burns already, the long one not yet.
        (pair.healthy + pair.long[1] * 4 // 5 // pair.step * pair.step, ()),
        (end, fired),
        (end + pair.held, fired),
        (end + pair.quiet, pair.along),
    ]
    above = ((healthy_before, (threshold * ABOVE, burning), healthy_after), expected, firing)
    quiet: list[tuple[int, tuple[str, ...]]] = [(end, ()), (end + pair.quiet, ())]
    below = ((healthy_before, (threshold * BELOW, burning), healthy_after), quiet, pending)
    return [
        scenario(
            pair.step,
            traffic(service, pair.step, *phases),
            [
                expect(expression, moment, {firing_series(service, name): 1 for name in names})
                for moment, names in moments
            ],
        )
        for phases, moments, expression in (above, below)
    ]


def healthy(service: Service, *, seen_failures: bool = False) -> dict[str, Any]:
    """Serve without a bad event, while everything that is not meant fails."""
    phase = (Fraction(0), 2 * HOUR)
    inputs = traffic(service, 1, phase, instance="api-1:9100") + traffic(
        service, 1, phase, instance="api-2:9100"
    )
    if not seen_failures:
        inputs = [x for x in inputs if 'status_code="500"' not in x["series"]]
    ratio = {series("slo:sli_error:ratio_rate1h", {**service.identity, "sloth_window": "1h"}): 0}
    expected = [
        expect("ALERTS", 2 * HOUR, {}),
        expect("slo:sli_error:ratio_rate1h", 2 * HOUR, ratio),
    ]
    return scenario(1, inputs + decoys(service), expected)


def silence(service: Service) -> dict[str, Any]:
    """Know nothing of the requests that are meant."""
    expected = [
        expect("ALERTS", HOUR, {}),
        expect('{__name__=~"slo:(sli_error|.*burn|.*remaining).*"}', HOUR, {}),
        expect("slo:sli_error:ratio_rate5m", HOUR, {}),
    ]
    return scenario(1, decoys(service), expected)


def disaster(service: Service) -> dict[str, Any]:
    """Fail every request since the first one."""
    expected: dict[str, list[dict[str, Any]]] = {}
    for name, pair in PAIRS.items():
        long, short = pair.long[0], pair.short[0]
        summary = f"{service.title} burns its error budget at a rate of {FACTORS[name]}."
        description = (
            f"100% of the events of the last {long} were bad, and more than "
            f"{LIMITS[service.objective][name]} also of the last {short}. "
            f"The objective is {service.objective} in 30 days; at a rate of {FACTORS[name]} "
            f"a full budget is gone in {DAYS_LEFT[name]} days."
        )
        expected.setdefault(service.alert(pair.level), []).append(
            {
                "exp_labels": alert_labels(service, name),
                "exp_annotations": {"summary": summary, "description": description},
            }
        )
    found = scenario(1, traffic(service, 1, (Fraction(1), 20)), [])
    found["alert_rule_test"] = [
        {"alertname": name, "eval_time": "15m", "exp_alerts": alerts}
        for name, alerts in expected.items()
    ]
    return found


def half(service: Service) -> dict[str, Any]:
    """Fail every second request since the first one."""
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    burned = Fraction(1, 2) / service.budget
    # As in Sloth's own rules, a burn rate keeps the window of the error ratio that it is made of.
    numbers = [
        ("slo:objective:ratio", "", 1 - service.budget),
        ("slo:error_budget:ratio", "", service.budget),
        ("slo:time_period:days", "", Fraction(30)),
        ("slo:current_burn_rate:ratio", "5m", burned),
        ("slo:period_burn_rate:ratio", "30d", burned),
        ("slo:period_error_budget_remaining:ratio", "30d", 1 - burned),
        *((f"slo:sli_error:ratio_rate{w}", w, Fraction(1, 2)) for w in windows),
    ]
    wanted = {
        series(name, {**service.identity, **({"sloth_window": w} if w else {})}): float(number)
        for name, w, number in numbers
    }
    recorded = [expect('{__name__=~"slo:.*"}', 15, wanted)]
    return scenario(1, traffic(service, 1, (Fraction(1, 2), 20)), recorded)


def traffic(
    service: Service, step: int, *phases: tuple[Fraction, int], instance: str = "api:9100"
) -> list[dict[str, str]]:
    """Serve the requests that an objective is about, in phases of (bad share, minutes)."""
    bad = counter(step, [(share, minutes) for share, minutes in phases])
    good = counter(step, [(1 - share, minutes) for share, minutes in phases])
    every = counter(step, [(Fraction(1), minutes) for _, minutes in phases])
    status = "201" if service.method == "POST" else "200"
    if "latency" not in service.id:
        return [
            http(service, "count", good, status, instance=instance),
            http(service, "count", bad, "500", instance=instance),
        ]
    return [
        http(service, "count", every, status, instance=instance),
        http(service, "bucket", good, status, instance=instance, le="0.15"),
        http(service, "bucket", every, status, instance=instance, le="0.25"),
    ]


def decoys(service: Service) -> list[dict[str, str]]:
    """Let everything fail, and be slow, that is not what the objective is about."""
    every = counter(1, [(Fraction(1), 2 * HOUR)])
    nothing = counter(1, [(Fraction(0), 2 * HOUR)])
    other = {"GET": "POST", "POST": "GET"}[service.method]
    found = []
    for changes in (
        {"job": "another-job"},
        {"http_request_method": other},
        {"http_route": "/api/pets"},
    ):
        for status in ("200", "500"):
            found += [
                http(service, "count", every, status, **changes),
                http(service, "bucket", nothing, status, le="0.15", **changes),
            ]
    if "latency" in service.id:
        # What failed is not late: it is the other objective's.
        found += [
            http(service, "count", every, "503"),
            http(service, "bucket", nothing, "503", le="0.15"),
        ]
    return found


def http(service: Service, part: str, values: str, status: str, **changes: str) -> dict[str, str]:
    labels = {
        "job": "petswipe-api",
        "instance": "api:9100",
        "http_request_method": service.method,
        "http_route": service.route,
        "http_response_status_code": status,
        "error_type": "error" if status.startswith("5") else "",
        **changes,
    }
    return {
        "series": series(f"http_server_request_duration_seconds_{part}", labels),
        "values": values,
    }


def counter(step: int, phases: list[tuple[Fraction, int]]) -> str:
    """Write a counter that grows, phase after phase, by a share of all requests."""
    value, parts = 0, ["0"]
    for share, minutes in phases:
        grows = share * PER_MINUTE * step
        assert grows.denominator == 1
        steps = minutes // step
        parts.append(f"{value + grows}+{grows}x{steps - 1}")
        value += int(grows) * steps
    return " ".join(parts)


def alert_labels(service: Service, window: str) -> dict[str, str]:
    pair = PAIRS[window]
    return {
        **service.identity,
        "sloth_window": pair.long[0],
        "severity": pair.severity,
        "slo_severity": pair.level.lower(),
        "long_window": pair.long[0],
        "short_window": pair.short[0],
    }


def firing_series(service: Service, window: str) -> str:
    labels = {"alertname": service.alert(PAIRS[window].level), "alertstate": "firing"}
    return series("ALERTS", {**alert_labels(service, window), **labels})


def series(name: str, labels: dict[str, str]) -> str:
    return name + "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


def expect(expression: str, minutes: int, samples: Mapping[str, float]) -> dict[str, Any]:
    wanted = [{"labels": labels, "value": value} for labels, value in samples.items()]
    return {"expr": expression, "eval_time": f"{minutes}m", "exp_samples": wanted}


def scenario(
    step: int, inputs: list[dict[str, str]], expected: list[dict[str, Any]]
) -> dict[str, Any]:
    return {"interval": f"{step}m", "input_series": inputs, "promql_expr_test": expected}


def write_suite(folder: Path, rules: Path, scenarios: list[dict[str, Any]]) -> Path:
    """Write promtool's test file; the groups run in the order in which they feed each other."""
    groups = [group["name"] for group in yaml.safe_load(rules.read_text())["groups"]]
    document = {
        "rule_files": [str(rules)],
        "evaluation_interval": scenarios[0]["interval"],
        "group_eval_order": groups,
        "tests": scenarios,
    }
    path = folder / "suite.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
