from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.accounts.transport import ACCESS_COOKIE, REFRESH_COOKIE
from app.gate import CSRF_HEADER

if TYPE_CHECKING:
    from http.cookies import Morsel

    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
LOG_IN = "/api/auth/login"
REFRESH = "/api/auth/refresh"


def browser(api: Api) -> httpx.AsyncClient:
    """A client that keeps cookies, for which they insist on HTTPS."""
    return httpx.AsyncClient(transport=api.transport, base_url="https://petswipe.example")


async def log_in(client: httpx.AsyncClient, account: Account) -> httpx.Response:
    body = {"email": account.email, "password": "correct horse battery", "transport": "cookie"}
    return await client.post(LOG_IN, json=body)


def cookies(answer: httpx.Response) -> dict[str, Morsel[Any]]:
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    return dict(jar)


async def test_tokens_in_cookies_are_out_of_reach_of_scripts_and_other_sites(
    api: Api, adopter: Account
) -> None:
    answer = await log_in(browser(api), adopter)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"csrf_token": answer.json()["csrf_token"], "expires_in": 3600}
    given = cookies(answer)
    assert given.keys() == {ACCESS_COOKIE, REFRESH_COOKIE}
    access, renewing = given[ACCESS_COOKIE], given[REFRESH_COOKIE]
    for cookie in (access, renewing):
        assert cookie["httponly"]
        assert cookie["secure"]
        assert not cookie["domain"]
        assert cookie.value not in answer.text
    assert (access["samesite"].lower(), access["path"]) == ("lax", "/")
    assert (renewing["samesite"].lower(), renewing["path"]) == ("strict", REFRESH)
    assert (access["max-age"], renewing["max-age"]) == ("3600", str(7 * 86_400))


async def test_a_read_needs_the_cookie_only_and_a_write_the_csrf_token_too(
    api: Api, adopter: Account
) -> None:
    client = browser(api)
    csrf = (await log_in(client, adopter)).json()["csrf_token"]
    other = (await log_in(browser(api), await api.join())).json()["csrf_token"]
    assert (await client.get("/api/users/me")).json()["id"] == str(adopter.id)
    for headers in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: "guess"}, {CSRF_HEADER: other}):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await client.request(method, "/api/users/me", headers=headers)
            assert answer.status_code == 403, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
    name, headers = {"display_name": "New"}, {CSRF_HEADER: csrf}
    renamed = await client.patch("/api/users/me", json=name, headers=headers)
    assert renamed.status_code == 200


async def test_a_token_that_was_given_in_the_body_is_no_cookie(api: Api, adopter: Account) -> None:
    token = adopter.client.headers["authorization"].split()[1]
    headers = {"Cookie": f"{ACCESS_COOKIE}={token}", CSRF_HEADER: ""}
    refused = await api.client.patch("/api/users/me", json={"display_name": "x"}, headers=headers)
    assert refused.status_code == 403


async def test_a_token_that_was_given_as_a_header_needs_no_csrf_token(
    api: Api, adopter: Account
) -> None:
    client = browser(api)
    await log_in(client, adopter)
    headers = {"Authorization": adopter.client.headers["authorization"]}
    body = {"display_name": "New"}
    answer = await client.patch("/api/users/me", json=body, headers=headers)
    assert answer.status_code == 200


async def test_a_page_that_has_lost_its_csrf_token_can_refresh_and_log_in_again(
    api: Api, adopter: Account
) -> None:
    client = browser(api)
    first = (await log_in(client, adopter)).json()["csrf_token"]
    refreshed = await client.post(REFRESH)
    assert refreshed.status_code == 200, refreshed.text
    assert cookies(refreshed).keys() == {ACCESS_COOKIE, REFRESH_COOKIE}
    # A tab that did not refresh can still write.
    assert refreshed.json()["csrf_token"] == first
    assert (await log_in(client, adopter)).status_code == 200


async def test_a_refresh_by_cookie_rotates_it_and_one_by_body_sets_none(
    api: Api, adopter: Account
) -> None:
    client = browser(api)
    answer = await log_in(client, adopter)
    first = cookies(answer)[REFRESH_COOKIE].value
    second = cookies(await client.post(REFRESH))[REFRESH_COOKIE].value
    assert first != second
    by_body = await api.client.post(REFRESH, json={"refresh_token": second})
    assert by_body.json()["refresh_token"] != second
    assert "set-cookie" not in by_body.headers


async def test_logging_out_takes_the_cookies_away(api: Api, adopter: Account) -> None:
    client = browser(api)
    csrf = (await log_in(client, adopter)).json()["csrf_token"]
    assert (await client.post("/api/auth/logout")).status_code == 403
    out = await client.post("/api/auth/logout", headers={CSRF_HEADER: csrf})
    assert out.status_code == 204
    assert {name: morsel["max-age"] for name, morsel in cookies(out).items()} == {
        ACCESS_COOKIE: "0",
        REFRESH_COOKIE: "0",
    }
    assert not list(client.cookies.jar)
    assert (await client.get("/api/users/me")).status_code == 401


@pytest.mark.parametrize("header", ["=", "a=b; ;;", f'{ACCESS_COOKIE}="\\', f"{ACCESS_COOKIE}=x"])
async def test_a_malformed_cookie_is_nobodys(api: Api, header: str) -> None:
    answer = await api.client.get("/api/users/me", headers={"Cookie": header})
    assert answer.status_code == 401
