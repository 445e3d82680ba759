from __future__ import annotations

from fractions import Fraction

import pytest

from alerts.rehearsal.examples import example, matches
from alerts.rehearsal.probes import probe_series
from alerts.rehearsal.series import NotSimulatedError, counters
from alerts.rehearsal.traffic import Phase, busy, counter
from slo.indicators import ProbeSli, QuerySli, RawSli, Sli
from slo.promql import Matcher
from tests.alerts.kinds import ERRORS, FAST, GROUPS, slo

PHASE = Phase(1, good=Fraction(3), bad=Fraction(1))


def counted(sli: Sli, group: dict[str, str] | None = None) -> dict[str, Fraction]:
    """Return what each series counts in a minute with three good events and a bad one."""
    found = counters(slo("found", sli), group or {})  # type: ignore[arg-type]
    return {one.document([PHASE])["series"]: one.counts(PHASE) for one in found}


def query(total: str, *, bad: str = "", good: str = "") -> QuerySli:
    window = "[{{.window}}]"
    return QuerySli(*(text.replace("[w]", window) for text in (total, good, bad)))


@pytest.mark.parametrize(
    ("sli", "expected"),
    [
        (ERRORS, {'requests{code="500",job="shop"}': 1, 'requests{job="shop"}': 3}),
        (FAST, {"count": 4, "bucket": 3}),
        (
            query("sum(rate(ok[w])) + sum(rate(failed[w]))", bad="sum(rate(failed[w]))"),
            {"failed{}": 1, "ok{}": 3},
        ),
        (
            query("sum(rate(tries[w]))", bad="sum(rate(failed[w]))"),
            {"failed{}": 1, "tries{}": 4},
        ),
        (
            query('sum(rate(s_bucket{le="+Inf"}[w]))', good='sum(rate(s_bucket{le="1"}[w]))'),
            {'s_bucket{le="1"}': 3, 's_bucket{le="+Inf"}': 4},
        ),
        (
            query("sum(rate(x[w]))", bad='sum(rate(x{code!~"2..|404"}[w]))'),
            {"x{}": 1, 'x{code="200"}': 3},
        ),
        (
            RawSli('1 - (sum(rate(x{ok="1"}[{{.window}}])) / sum(rate(x[{{.window}}])))'),
            {'x{ok="1"}': 3, "x{}": 1},
        ),
    ],
)
def test_every_series_counts_what_the_queries_take_it_for(
    sli: Sli, expected: dict[str, int]
) -> None:
    found = counted(sli)
    assert sorted(found.values()) == sorted(expected.values())
    if sli not in (ERRORS, FAST):
        assert found == expected


def test_series_of_a_group_carry_its_labels() -> None:
    assert isinstance(GROUPS.sli, QuerySli)
    for name in counted(GROUPS.sli, {"region": "north"}):
        assert 'region="north"' in name


@pytest.mark.parametrize(
    ("sli", "reason"),
    [
        (query("sum(avg_over_time(up[w]))", bad="sum(rate(x[w]))"), "not read as a counter"),
        (query("sum(rate(x[w]))", bad="sum(rate(x[w] offset 1h))"), "at another time"),
        (
            query("sum(rate(x[w]))", bad="sum(max_over_time(y[5m:1m])) + sum(rate(x[w]))"),
            "a query in a query",
        ),
        (query("sum(rate(x[w]))", bad='sum(rate({job="x"}[w]))'), "has no name"),
        (query("sum(rate(x[w]))", bad='sum(rate(x{a=~"[q-z]{7}"}[w]))'), "no labels are found"),
        (RawSli("avg_over_time(errors:ratio[{{.window}}])"), "no share of one sum"),
        (ProbeSli("up", "up == 0"), "a probe has no counters"),
    ],
)
def test_what_cannot_be_known_is_said(sli: Sli, reason: str) -> None:
    with pytest.raises(NotSimulatedError, match=reason):
        counted(sli)


def test_labels_match_what_is_wanted_and_not_what_is_unwanted() -> None:
    job, failed = Matcher("job", "=", "shop"), Matcher("code", "=~", "(5..|429)")
    canary = Matcher("track", "!=", "canary")
    found = example([job, failed, canary], [], {"zone": "a"})
    assert found is not None
    assert found["zone"] == "a"
    assert matches([job, failed, canary], found)
    labels = example([job], [[failed]], {})
    assert labels is not None
    assert matches([job], labels)
    assert not matches([failed], labels)
    assert example([failed], [[failed]], {}) is None


def test_a_counter_grows_phase_by_phase_and_goes_on_where_it_was() -> None:
    phases = [
        Phase(3, bad=Fraction(2)),
        Phase(2, gone=True),
        Phase(4, bad=Fraction(1), every=2),
        Phase(1, bad=Fraction(1, 4)),
    ]
    assert (
        counter(phases, lambda phase: phase.bad) == "0 2+2x2 _x2 6 7 7 8 8.250000000+0.250000000x0"
    )


def test_as_many_probes_fail_as_the_share_says() -> None:
    phases = [busy(5), busy(5, Fraction(1, 3)), busy(5, Fraction(1, 2))]
    sli = ProbeSli('up{job="x"}', 'up{job="x"} < 1')
    found = [one["values"].split()[1:] for one in probe_series(sli, phases, {})]
    assert len(found) == 6
    for number, bad in enumerate((0, 2, 3)):
        assert sum(values[number].startswith("0") for values in found) == bad


@pytest.mark.parametrize(
    "bad", ["absent(up)", "up == bool 0 > 3", "up > nan", 'other{job="x"} == 0']
)
def test_a_probe_that_is_not_understood_is_said(bad: str) -> None:
    with pytest.raises(NotSimulatedError):
        probe_series(ProbeSli("up", bad), [busy(5)], {})
