"""What a baseline holds, when it may be compared with, and what is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.arrivals.schedule import constant
from loadtests.baseline.compare import Pinned, pinned
from loadtests.baseline.configuration import configuration
from loadtests.baseline.document import write_document
from loadtests.baseline.model import Recorded, digest
from loadtests.baseline.places import write_place
from loadtests.baseline.runner import runner
from loadtests.errors import InvalidRun, MisuseError
from loadtests.judging.evidence import Evidence
from loadtests.judging.model import BaselineValue
from loadtests.judging.relative import compared
from loadtests.plan import LoadPlan
from loadtests.rules.limits import Absolute, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Query, Rate, Under, Worse
from loadtests.rules.units import Unit, quantity
from slo.objectives import OBJECTIVES
from slo.statistics.comparison import centre_interval
from slo.statistics.intervals import Finding
from tests.loadtests.baseline.recorded import KEY, NOW, PLAN, RECORDED, RUNNER, SETTINGS
from tests.loadtests.regression.simulated import FAST, P95, SWIPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadtests.rules.measures import Measure
    from loadtests.rules.model import Rule

QUERY = Query("sum(petswipe_swipes_total)", Unit.COUNT, Worse.LOWER)


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[Recorded], str]:
    def keep(recorded: Recorded) -> str:
        place = str(tmp_path / "baseline.json")
        return write_place(place, write_document(recorded), replace=False)

    return keep


def ask(place: str, **changed: Any) -> Pinned:
    given = {
        "keys": [KEY],
        "configuration": RECORDED.configuration,
        "runner": RUNNER,
        "now": NOW + timedelta(days=1),
        **changed,
    }
    return pinned(place, **given)


def test_a_baseline_is_read_as_it_was_recorded(kept: Callable[[Recorded], str]) -> None:
    found = ask(kept(RECORDED))
    assert found.recorded == RECORDED
    assert found.notes == ()


def test_its_values_are_the_centres_of_the_rounds() -> None:
    rounds = RECORDED.rounds[KEY]
    (value,) = RECORDED.values.values()
    centre = centre_interval(rounds).value
    assert centre is not None
    assert value == BaselineValue(0.019, centre, 0.022)
    assert 0.02 <= centre <= 0.021


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        ("scenario", lambda: LoadPlan("browse", PLAN.arrivals, 20)),
        ("sessions", lambda: LoadPlan("swipe-hot-path", PLAN.arrivals, 21)),
        ("steps", lambda: LoadPlan("swipe-hot-path", constant(101, 30), 20)),
        ("seed", lambda: LoadPlan("swipe-hot-path", constant(100, 30).poisson(1), 20)),
    ],
)
def test_another_plan_is_another_load(
    place: str, changed: Callable[[], LoadPlan], kept: Callable[[Recorded], str]
) -> None:
    now = configuration(changed(), 2, [P95], SETTINGS)
    with pytest.raises(MisuseError, match=f"under another load: {place} was .*, is ") as caught:
        ask(kept(RECORDED), configuration=now)
    assert ";" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "processes", "rules", "settings"),
    [
        ("processes was 2, is 1", 1, [P95], SETTINGS),
        ("setting pool_size was 10, is 20", 2, [P95], {"pool_size": "20"}),
        ("setting pool_size was 10, is not known", 2, [P95], {}),
        (
            "rule swipe-fast was not known, is fraction of POST /api/swipes under 150 ms over run",
            2,
            [P95, FAST],
            SETTINGS,
        ),
        (
            (
                "rule swipe-p95 was quantile 19/20 of POST /api/swipes over run, is quantile 19/20 "
                "of POST /api/swipes over peak"
            ),
            2,
            [replace(P95, steps=("peak",))],
            SETTINGS,
        ),
        (
            (
                "rule swipe-p95 was quantile 19/20 of POST /api/swipes over run, is quantile "
                "99/100 of POST /api/swipes over run"
            ),
            2,
            [replace(P95, measure=Quantile(SWIPES, Fraction("0.99")))],
            SETTINGS,
        ),
    ],
)
def test_what_differs_is_told(
    told: str,
    processes: int,
    rules: list[Rule],
    settings: dict[str, str],
    kept: Callable[[Recorded], str],
) -> None:
    with pytest.raises(MisuseError) as caught:
        ask(kept(RECORDED), configuration=configuration(PLAN, processes, rules, settings))
    assert str(caught.value).endswith(f"recorded under another load: {told}")


def test_limits_and_rules_without_a_baseline_may_change(kept: Callable[[Recorded], str]) -> None:
    assert isinstance(P95.limit, Relative)
    stricter = replace(P95, limit=Relative(P95.limit.fail, None))
    absolute = replace(FAST, limit=Absolute(quantity("95 %"), None))
    now = configuration(PLAN, 2, [stricter, absolute], SETTINGS)
    assert ask(kept(RECORDED), configuration=now)


def test_a_rule_that_is_gone_leaves_the_others(kept: Callable[[Recorded], str]) -> None:
    both = replace(RECORDED, configuration=configuration(PLAN, 2, [P95, FAST], SETTINGS))
    assert ask(kept(both))


def test_a_rule_without_rounds_is_told(kept: Callable[[Recorded], str]) -> None:
    with pytest.raises(MisuseError, match="it has no value of swipe-p95 over peak; record it anew"):
        ask(kept(RECORDED), keys=[KEY, ("swipe-p95", "peak")])


@pytest.mark.parametrize("name", RUNNER)
def test_another_machine_decides_nothing(name: str, kept: Callable[[Recorded], str]) -> None:
    told = f"recorded on another machine: {name} was {RUNNER[name]}, is another"
    with pytest.raises(InvalidRun, match=told):
        ask(kept(RECORDED), runner={**RUNNER, name: "another"})


def test_an_old_baseline_is_told(kept: Callable[[Recorded], str]) -> None:
    place = kept(RECORDED)
    assert ask(place, now=NOW + timedelta(days=90)).notes == ()
    (note,) = ask(place, now=NOW + timedelta(days=91)).notes
    assert note.startswith("the baseline is 91 days old, more than 90")


def test_a_baseline_of_tomorrow_is_misuse(kept: Callable[[Recorded], str]) -> None:
    with pytest.raises(MisuseError, match="which is yet to come"):
        ask(kept(RECORDED), now=NOW - timedelta(hours=1))


@pytest.mark.parametrize("name", ["jwt_signing_key", "DATABASE_URL", "smtp_password"])
def test_secrets_are_no_part_of_a_configuration(name: str) -> None:
    with pytest.raises(MisuseError, match=f"{name} looks like a secret"):
        configuration(PLAN, 1, [P95], {name: "x"})


def test_every_measure_is_part_of_the_configuration() -> None:
    measures: tuple[Measure, ...] = (
        Under(SWIPES, quantity("150 ms")),
        Under("all", quantity("150 ms")),
        Quantile(SWIPES, Fraction("0.95")),
        Errors(SWIPES),
        Rate(SWIPES),
        QUERY,
        *map(OfSlo, OBJECTIVES),
    )
    ruled = [replace(P95, measure=m, limit=Relative(replace_floor(m.unit), None)) for m in measures]
    hashes = {digest(configuration(PLAN, 1, [rule], {})) for rule in ruled}
    assert len(hashes) == len(measures)


def replace_floor(unit: Unit) -> Any:
    assert isinstance(P95.limit, Relative)
    floor = {Unit.SECONDS: "1 ms", Unit.RATIO: "1 %", Unit.PER_SECOND: "1 /s", Unit.COUNT: "1"}
    return replace(P95.limit.fail, floor=quantity(floor[unit]))


def test_this_machine_tells_itself_twice_the_same() -> None:
    facts = runner()
    assert facts == runner()
    assert set(facts) == {"cpu", "cores", "memory", "python", "system"}
    assert all(facts.values())


@pytest.mark.parametrize(
    ("text", "cpu"),
    [
        (
            "processor\t: 0\nmodel name\t: Alpha 3000\n\nprocessor\t: 1\n",
            "Alpha 3000",
        ),
        ("processor: 0\nCPU implementer: 0x41\nCPU part: 0xd0c\n", "0x41 0xd0c"),
    ],
)
def test_a_processor_is_told_by_its_model(text: str, cpu: str, tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    assert runner(file)["cpu"] == cpu


def test_a_processor_that_does_not_tell_itself_is_no_ground_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.processor", lambda: "")
    with pytest.raises(InvalidRun, match="does not tell its processor"):
        runner(tmp_path / "absent")


def test_ten_drifts_of_five_percent_are_found_against_the_pinned_reference() -> None:
    """Each release is compared with the baseline that was recorded first."""
    dice = random.Random(7)  # noqa: S311  # no secret
    assert isinstance(P95.limit, Relative)

    def measured(version: int) -> tuple[float, ...]:
        return tuple(0.02 * 1.05**version * dice.gauss(1, 0.01) for _ in range(5))

    def judged(version: int, base: int) -> Finding:
        (value,) = replace(RECORDED, rounds={KEY: measured(base)}).values.values()
        now = centre_interval(measured(version))
        evidence = Evidence(now.value, now.low, now.high, 5)
        assert isinstance(P95.limit, Relative)
        return compared(evidence, value, P95.limit.fail, P95.measure)[0]

    for _ in range(20):
        assert Finding.FAILS not in {judged(n + 1, n) for n in range(10)}
        assert {judged(n, 0) for n in range(5, 11)} == {Finding.FAILS}
