"""What is written as a spec and read again is the same SLO, for any SLO that a spec can say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.indicators import ProbeSli, QuerySli, RawSli, SliceSli
from slo.model import (
    BURN_WINDOWS,
    Alerting,
    BurnWindow,
    Calendar,
    CalendarUnit,
    CompositeSli,
    Part,
    Severity,
    Slo,
)
from slo.objectives import OBJECTIVES
from slo.specs.build import alert_of, inferred_groups, title_of
from slo.specs.counted import ExportError
from slo.specs.export import FORMATS, as_openslo, as_sloth
from slo.specs.read import read_specs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.from_regex(r"[a-z][a-z0-9-]{2,20}", fullmatch=True)
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1)
labels = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), words, max_size=2)
shares = st.integers(1, 9999).map(lambda n: Fraction(n, 10_000))
# The longest period leaves no alert that could never fire.
objectives = st.integers(9950, 9999).map(lambda n: Fraction(n, 10_000))


@st.composite
def counts(draw: st.DrawFn, by: Sequence[str] = ()) -> str:
    metric = draw(st.sampled_from(["requests_total", "jobs:done", 'x_total{a="[5m] \\" {{"}']))
    kind = draw(st.sampled_from(["rate", "increase"]))
    grouped = f" by ({', '.join(by)}) " if by else ""
    return f"sum{grouped}({kind}({metric}[{{{{.window}}}}]))"


@st.composite
def events(draw: st.DrawFn, by: Sequence[str] = ()) -> QuerySli:
    total, part = draw(counts(by)), draw(counts(by))
    if draw(st.booleans()):
        return QuerySli(total, good_query=part)
    return QuerySli(total, bad_query=part)


@st.composite
def probes(draw: st.DrawFn) -> ProbeSli:
    query = draw(st.sampled_from(["up", "max(lag_seconds)", "a / b"]))
    value = draw(st.sampled_from(["0", "1", "-2.5", "0.125", "100000"]))
    return ProbeSli(query, f"({query}) {draw(st.sampled_from(['>', '>=', '<', '<=']))} {value}")


def sliced(of: st.SearchStrategy[Any]) -> st.SearchStrategy[SliceSli]:
    lengths = st.integers(1, 60).map(lambda n: timedelta(minutes=n))
    return st.builds(SliceSli, of, lengths, shares)


def composites(of: st.SearchStrategy[Any]) -> st.SearchStrategy[CompositeSli]:
    parts = st.builds(Part, names, st.integers(1, 500).map(lambda n: Fraction(n, 8)), of)
    return st.lists(parts, min_size=2, max_size=3, unique_by=lambda part: part.name).map(
        lambda found: CompositeSli(tuple(found))
    )


raws = st.builds(RawSli, counts().map(lambda q: f"{q} / {q}"))
simple = events() | probes()
slis = (
    simple | events(("tenant", "zone")) | raws | sliced(simple)
    | composites(simple) | composites(sliced(simple))
)  # fmt: skip
calendars = st.builds(
    Calendar,
    st.just(CalendarUnit.MONTH),
    st.integers(1, 12).map(lambda month: date(2026, month, 1)),
    st.sampled_from(["UTC", "Europe/Berlin"]),
) | st.just(Calendar(CalendarUnit.WEEK, date(2026, 1, 5), "Asia/Tokyo"))
periods = st.integers(3, 400).map(lambda n: timedelta(days=n)) | calendars
alertings = st.builds(
    Alerting,
    page=st.booleans(),
    ticket=st.booleans(),
    labels=labels,
    page_labels=labels,
    ticket_labels=labels,
    annotations=labels,
    page_annotations=labels,
    ticket_annotations=labels,
    name=st.just("") | words,
)
windows = st.just(BURN_WINDOWS) | st.just(
    (BurnWindow(Severity.PAGE, Fraction(1, 300), timedelta(hours=2), timedelta(minutes=10)),)
)


@st.composite
def slos(draw: st.DrawFn) -> Slo:
    sli = draw(slis)
    return Slo(
        id=draw(names),
        service=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,20}", fullmatch=True)),
        title=draw(words),
        description=draw(st.just("") | words),
        objective=draw(objectives),
        sli=sli,
        period=draw(periods),
        burn_windows=draw(windows),
        group_by=draw(st.just(inferred_groups(sli)) | st.just(("region",))),
        scrape_interval=timedelta(seconds=draw(st.sampled_from([15, 30, 90]))),
        labels=draw(labels),
        alerting=draw(alertings),
    )


def again(tmp_path: Path, write: Callable[[Sequence[Slo]], str], *found: Slo) -> tuple[Slo, ...]:
    file = tmp_path / "spec.yaml"
    file.write_text(write(found), encoding="utf-8")
    return read_specs([file])


@OFTEN
@given(slo=slos())
def test_openslo_says_all_of_an_slo(tmp_path: Path, slo: Slo) -> None:
    assert again(tmp_path, as_openslo, slo) == (slo,)


@OFTEN
@given(slo=slos(), sli=events() | events(("tenant",)) | raws)
def test_sloth_says_all_of_an_slo_but_its_title(tmp_path: Path, slo: Slo, sli: Any) -> None:
    plain = replace(
        slo,
        sli=sli,
        period=timedelta(days=30),
        burn_windows=BURN_WINDOWS,
        scrape_interval=timedelta(seconds=15),
        group_by=inferred_groups(sli),
    )
    named = replace(plain, title=title_of(slo.id))
    if slo.alerting.name == alert_of(slo.id):
        named = replace(named, alerting=replace(slo.alerting, name=""))
    assert again(tmp_path, as_sloth, plain) == (named,)


@OFTEN
@given(found=st.lists(slos(), min_size=2, max_size=5, unique_by=lambda s: f"{s.service}-{s.id}"))
def test_slos_of_one_file_do_not_lose_each_other(tmp_path: Path, found: list[Slo]) -> None:
    assert again(tmp_path, as_openslo, *found) == tuple(found)


@pytest.mark.parametrize("form", FORMATS)
def test_our_own_promises_come_back_as_the_queries_they_stand_for(
    tmp_path: Path, form: str
) -> None:
    read = again(tmp_path, FORMATS[form], *OBJECTIVES)
    pairs = list(zip(read, OBJECTIVES, strict=True))
    assert [replace(slo, sli=own.sli, title=own.title) for slo, own in pairs] == list(OBJECTIVES)
    # Sloth has no titles: they are made from ids, which have no capitals.
    assert [slo.title.lower() for slo in read] == [slo.title.lower() for slo in OBJECTIVES]
    assert all(isinstance(slo.sli, QuerySli) for slo in read)
    # Once they are queries, nothing changes any more.
    assert again(tmp_path, FORMATS[form], *read) == read


SLO = OBJECTIVES[0]
QUERY = QuerySli("sum(rate(a[{{.window}}]))", bad_query="sum(rate(b[{{.window}}]))")
CANNOT = [
    (
        as_openslo,
        {"objective": Fraction(2999, 3000)},
        "the objective 2999/3000 is no decimal number",
    ),
    (as_openslo, {"sli": ProbeSli("up", "up == 0")}, "by lt, lte, gt or gte"),
    (as_openslo, {"description": "x" * 1051}, "1050 letters"),
    (as_openslo, {"period": timedelta(days=30, seconds=1)}, "no whole number of minutes"),
    (as_sloth, {"period": timedelta(days=28)}, "has no period, and it assumes 30d"),
    (as_sloth, {"burn_windows": BURN_WINDOWS[:1]}, "no windows of alerts"),
    (as_sloth, {"scrape_interval": timedelta(seconds=30)}, "no scrape interval"),
    (as_sloth, {"sli": SliceSli(QUERY, timedelta(minutes=1), Fraction(1, 2))}, "no SliceSli"),
    (as_sloth, {"sli": QUERY, "group_by": ("tenant",)}, "write sum by"),
]


@pytest.mark.parametrize(("write", "change", "sentence"), CANNOT)
def test_what_a_format_cannot_say_is_refused(
    write: Callable[[Sequence[Slo]], str], change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ExportError) as caught:
        write([replace(SLO, **change)])
    assert str(caught.value).startswith(f"{SLO.id}: ")
    assert sentence in str(caught.value)


def test_the_same_slos_are_the_same_bytes() -> None:
    assert [write(OBJECTIVES) for write in FORMATS.values()] == [
        write(OBJECTIVES) for write in FORMATS.values()
    ]
