from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import iter_route_contexts
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.animals import PetType
from app.main import build_resources, create_api
from app.matches.tables import MatchStatus
from app.settings import Fault
from app.telemetry import catalog, model
from app.telemetry.catalog import (
    API_METRICS,
    DISPATCH_METRICS,
    HTTP_BUCKETS,
    METRICS,
    ROUTES,
    UNMATCHED,
)
from app.telemetry.instruments import ApiInstruments, DispatchInstruments, NullInstruments
from app.telemetry.model import (
    Kind,
    Label,
    Metric,
    Route,
    edge_label,
)
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from types import ModuleType

    from app.settings import Settings

BUILT_IN_METHODS = {"HEAD"}


def declared(**given: object) -> Metric:
    fields = {"name": "x_total", "kind": Kind.COUNTER, "help": "X.", "unit": "x", **given}
    return Metric(**fields)  # type: ignore[arg-type]  # some of them are wrong on purpose


def test_every_route_of_the_application_is_in_the_catalogue_and_the_other_way_round(
    settings: Settings,
) -> None:
    app = create_api(build_resources(settings))
    served = {
        (method, context.path)
        for context in iter_route_contexts(app.routes)
        for method in (context.methods or set()) - BUILT_IN_METHODS
    }
    assert served - {("GET", "/docs/oauth2-redirect")} == {
        (route.method, route.template) for route in ROUTES
    }


def test_the_openapi_document_promises_the_statuses_that_the_catalogue_calls_success(
    settings: Settings,
) -> None:
    paths = create_api(build_resources(settings)).openapi()["paths"]
    described = {
        (method.upper(), path): {
            int(status) for status in operation["responses"] if status.startswith("2")
        }
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    hidden = {catalog.OPENAPI, catalog.DOCS}
    assert described == {
        (route.method, route.template): set(route.success)
        for route in ROUTES
        if route not in hidden
    }


@pytest.mark.parametrize(
    ("instruments", "metrics"),
    [(ApiInstruments, API_METRICS), (DispatchInstruments, DISPATCH_METRICS)],
)
def test_the_instruments_expose_exactly_what_the_catalogue_declares(
    instruments: type[ApiInstruments | DispatchInstruments], metrics: tuple[Metric, ...]
) -> None:
    text = generate_latest(instruments("1.0", "abc").registry).decode()
    ours = {
        family.name: family
        for family in text_string_to_metric_families(text)
        if not family.name.startswith(("process_", "python_"))
    }
    assert set(ours) == {metric.name.removesuffix("_total") for metric in metrics}
    for metric in metrics:
        family = ours[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (str(metric.kind), metric.help)
        exposed = {sample.name: set(sample.labels) for sample in family.samples}
        assert exposed == {name: set(labels) for name, labels in metric.series.items()}
        for label in metric.labels:
            values = {sample.labels[label.name] for sample in family.samples}
            assert not label.values or values <= set(label.values)


def test_bucket_edges_are_written_as_the_exposition_writes_them() -> None:
    instruments = ApiInstruments("1.0", "abc")
    name = f"{catalog.HTTP_DURATION.name}_bucket"
    edges = {
        sample.labels["le"]
        for family in instruments.registry.collect()
        for sample in family.samples
        if sample.name == name
    }
    assert edges == {edge_label(edge) for edge in HTTP_BUCKETS} | {"+Inf"}


def test_names_are_unique_and_follow_the_conventions() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.help.endswith(".")
        assert metric.unit != "seconds" or metric.name.endswith("_seconds")
        assert metric.name.startswith(("http_server_", "db_client_", "petswipe_"))
    assert set(API_METRICS) | set(DISPATCH_METRICS) == set(METRICS)
    assert UNMATCHED not in {route.template for route in ROUTES}


def test_an_operation_is_named_by_method_and_template() -> None:
    assert Route("POST", "/api/swipes", (201,)).operation == "POST /api/swipes"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"name": "x"}, "x: a counter ends in _total, and only a counter does"),
        ({"kind": Kind.GAUGE}, "x_total: a counter ends in _total, and only a counter does"),
        ({"buckets": (1.0,)}, "x_total: a histogram has bucket edges, and only a histogram does"),
        (
            {"name": "x", "kind": Kind.HISTOGRAM},
            "x: a histogram has bucket edges, and only a histogram does",
        ),
        *(
            (
                {"name": "x", "kind": Kind.HISTOGRAM, "buckets": edges},
                "x: bucket edges must rise",
            )
            for edges in ((2.0, 1.0), (1.0, 1.0))
        ),
    ],
)
def test_a_bad_declaration_is_refused(given: dict[str, object], complaint: str) -> None:
    declared()
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        declared(**given)


@pytest.mark.parametrize("given", [{}, {"values": ("a",), "bound": "few"}])
def test_a_label_needs_its_values_or_a_bound_and_not_both(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^label x: give either its closed set of values or what"):
        Label("x", **given)  # type: ignore[arg-type]  # wrong on purpose


def test_the_words_of_the_catalogue_are_those_of_the_service() -> None:
    assert set(catalog.SPECIES) == set(PetType)
    assert set(catalog.MATCH_CHANGES.labels[0].values) < set(MatchStatus)
    assert set(catalog.OBJECTIVES) == {slo.id for slo in OBJECTIVES}
    (fault,) = catalog.FAULTS.labels
    assert set(fault.values) == set(Fault) - {Fault.NONE}


def test_a_process_begins_within_its_budget_and_has_room_left(settings: Settings) -> None:
    for instruments in (ApiInstruments("1.0", "abc"), DispatchInstruments("1.0", "abc")):
        shown = sum(len(family.samples) for family in instruments.registry.collect())
        assert shown < catalog.SERIES_BUDGET
    # What strangers and mistakes add: a third of what begins.
    api = build_resources(settings).instruments
    assert api.http.room() >= 50


def test_a_value_that_the_catalogue_does_not_know_is_counted_as_that() -> None:
    instruments = ApiInstruments("1.0", "abc")
    instruments.log_ins["sideways"].inc()
    instruments.uploads["pet"]["eaten"].inc(2)
    instruments.databases.observe("redis", "XADD", "", 0.1)
    read = instruments.registry.get_sample_value
    assert read("petswipe_logins_total", {"outcome": "_overflow"}) == 1
    assert read("petswipe_uploads_total", {"purpose": "pet", "outcome": "_overflow"}) == 2
    labels = {"db_system_name": "redis", "db_operation_name": "_overflow", "error_type": ""}
    assert read("db_client_operation_duration_seconds_count", labels) == 1
    assert read("petswipe_telemetry_label_overflows_total", {"reason": "undeclared"}) == 3


def test_the_group_commit_begins_at_zero_and_shows_what_it_is_told() -> None:
    instruments = ApiInstruments("1.0", "abc")
    read = instruments.registry.get_sample_value
    shown = (
        "petswipe_group_commit_queued",
        "petswipe_group_commit_batch_size_sum",
        "petswipe_group_commit_wait_seconds_count",
        "petswipe_group_commit_shed_total",
    )
    assert [read(name) for name in shown] == [0, 0, 0, 0]
    told = instruments.group_commit
    told.queued.set(3)
    told.batch_size.observe(128)
    told.wait_seconds.observe(0.002)
    told.shed.inc()
    assert [read(name) for name in shown] == [3, 128, 1, 1]
    # The largest batch is an edge, and not beyond the last one.
    assert read("petswipe_group_commit_batch_size_bucket", {"le": "128.0"}) == 1


def test_instruments_that_measure_nothing_take_every_call() -> None:
    instruments = NullInstruments("1.0", "abc")
    instruments.group_commit.queued.set_function(lambda: 3)
    instruments.group_commit.batch_size.observe(2)
    instruments.group_commit.shed.inc()
    instruments.swipes["like"].inc()
    instruments.swipes["sideways"].inc()
    instruments.deck_builds.observe(1)
    with instruments.deck_builds.time():
        pass
    shown = {family.name for family in instruments.registry.collect()}
    assert not [name for name in shown if "swipes" in name]


@pytest.mark.parametrize("module", [catalog, model])
def test_the_catalogue_imports_the_standard_library_only(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    imported = {
        "app" if name == model.__name__ else name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
        )
    }
    assert imported
    assert imported <= {*sys.stdlib_module_names, "app"}
