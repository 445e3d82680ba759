from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from app.auth import Principal, Role

if TYPE_CHECKING:
    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi

pytestmark = pytest.mark.anyio

SOMEBODY = Principal(uuid4(), Role.USER, uuid4())
HTTP_422 = HTTPStatus(422).phrase


def assert_problem(answer: Response, status: int, title: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"] == title
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_an_unknown_path_is_answered_with_a_problem(api: Api) -> None:
    assert_problem(await api.client.get("/api/dragons"), 404, "Not Found")


async def test_a_wrong_method_is_answered_with_a_problem_that_names_the_right_ones(
    api: Api,
) -> None:
    answer = await api.client.delete("/api/deck")
    assert_problem(answer, 405, "Method Not Allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_wrong_field_is_answered_with_a_problem_that_names_it(api: Api) -> None:
    body = {"email": "nobody", "password": "12345678", "display_name": "x"}
    answer = await api.client.post("/api/auth/signup", json=body)
    assert_problem(answer, 422, HTTP_422)
    (error,) = answer.json()["errors"]
    assert error["field"] == "body.email"
    assert error["problem"] in answer.json()["detail"]


async def test_a_body_with_a_thousand_mistakes_gets_a_short_answer(api: Api) -> None:
    body = {"email": 1, "password": 2, "display_name": 3, **{f"x{n}": n for n in range(1000)}}
    answer = await api.client.post("/api/auth/signup", json=body)
    assert_problem(answer, 422, HTTP_422)
    assert 3 <= len(answer.json()["errors"]) <= 20


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b"", {422}),
        (b"{", {422}),
        (b"[]", {422}),
        (b"null", {422}),
        (b'"\xff"', {400, 422}),
        (b"[" * 60_000, {400, 422}),
        (b"1" * 5_000, {400, 422}),
    ],
    ids=lambda value: ascii(value)[:20],
)
async def test_a_body_that_cannot_be_read_is_the_callers_mistake(
    api: Api, body: bytes, statuses: set[int]
) -> None:
    as_json = {"content-type": "application/json"}
    answer = await api.client.post("/api/auth/login", content=body, headers=as_json)
    assert answer.status_code in statuses
    assert_problem(answer, answer.status_code, answer.json()["title"])


async def test_a_failure_on_our_side_is_a_problem_that_tells_nothing_of_it(
    settings: Settings, empty_database: str, open_api: OpenApi
) -> None:
    async with open_api(settings, database_url=empty_database) as api:
        token = await api.token(SOMEBODY)
        answer = await api.with_token(token).get("/api/matches")
        assert_problem(answer, 500, "Internal Server Error")
        assert "matches" not in answer.text
        labels = {
            "http_request_method": "GET",
            "http_route": "/api/matches",
            "http_response_status_code": "500",
            "error_type": "exception",
        }
        assert api.sample("http_server_request_duration_seconds_count", **labels) == 1


@pytest.mark.parametrize("given", ["12345678", "x" * 64, "a.b_c-D9", "0" * 32])
async def test_a_request_id_that_is_safe_comes_back(api: Api, given: str) -> None:
    for route in ("/health", "/api/dragons"):
        answer = await api.client.get(route, headers={"x-request-id": given})
        assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize(
    "given", ["", "1234567", "x" * 65, "with a space", "line\nbreak", "<script>", "ümläute"]
)
async def test_a_request_id_that_is_not_safe_is_replaced(api: Api, given: str) -> None:
    answer = await api.client.get("/api/dragons", headers=[(b"x-request-id", given.encode())])
    (made,) = answer.headers.get_list("x-request-id")
    assert len(made) == 32
    assert made.isalnum()
    assert answer.json()["request_id"] == made


async def test_every_request_gets_another_id(api: Api) -> None:
    answers = [await api.client.get("/health") for _ in range(5)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 5


async def test_a_token_of_an_account_that_is_gone_is_refused_when_it_swipes(
    api: Api,
) -> None:
    (pet,) = await api.list_pets(1)
    token = await api.token(SOMEBODY)
    answer = await api.with_token(token).post("/api/swipes", json={"pet_id": pet, "liked": True})
    assert answer.status_code == 401
