"""Checking a URL before any load is sent."""

from __future__ import annotations

import pytest

from app.telemetry.catalog import ROUTES, SWIPE_CREATE
from loadtests.errors import MisuseError
from loadtests.scenarios.swipe_hot_path import STEPS
from loadtests.target import check_target
from tests.loadtests.servers import document, server


def test_every_step_of_the_scenario_is_a_route_of_the_catalogue() -> None:
    assert set(STEPS) <= set(ROUTES)


def test_an_api_with_every_step_passes() -> None:
    with server(document()) as url:
        check_target(url, STEPS)
        check_target(url + "/", STEPS)


def test_an_api_without_a_step_is_named() -> None:
    with (
        server(document(SWIPE_CREATE.template)) as url,
        pytest.raises(MisuseError, match="no POST /api/swipes"),
    ):
        check_target(url, STEPS)


@pytest.mark.parametrize(("body", "status"), [(b"<html>", 200), (b"[]", 200), (b"{}", 404)])
def test_something_else_than_the_api_is_misuse(body: bytes, status: int) -> None:
    with server(body, status) as url, pytest.raises(MisuseError, match=url):
        check_target(url, STEPS)


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://127.0.0.1:1", "http://["])
def test_an_address_where_nobody_answers_is_misuse(url: str) -> None:
    with pytest.raises(MisuseError):
        check_target(url, STEPS)
