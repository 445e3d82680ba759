from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from redis import Redis

from app.accounts.sessions import GOOD
from app.auth import REMEMBERED, Principal, Role, Tokens
from app.cache import session_key
from app.errors import Unauthorized
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio


def part(content: str) -> str:
    return urlsafe_b64encode(content.encode()).decode().rstrip("=")


def assert_refused(answer: Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.fixture
def key(settings: Settings) -> RSAPrivateKey:
    pem = settings.jwt_private_key_file.read_bytes()
    loaded = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded


@pytest.fixture
def headers(settings: Settings) -> dict[str, str]:
    issued = Tokens(settings).issue(Principal(uuid4(), Role.USER, uuid4()))
    return {"kid": str(jwt.get_unverified_header(issued)["kid"])}


@pytest.fixture
def claims(settings: Settings) -> dict[str, object]:
    """Claims that, signed, would be let in."""
    session_id = uuid4()
    with Redis.from_url(str(settings.cache_url)) as cache:
        cache.set(session_key(session_id), GOOD)
    return {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": str(uuid4()),
        "role": "user",
        "sid": str(session_id),
        "typ": "access",
        "iat": int(time.time()),
        "exp": int(time.time()) + 600,
        "jti": uuid4().hex,
    }


async def test_a_token_says_who_may_use_it_where_and_until_when(
    settings: Settings, key: RSAPrivateKey
) -> None:
    principal = Principal(uuid4(), Role.SHELTER, uuid4())
    tokens = Tokens(settings)
    token = tokens.issue(principal)
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token, key.public_key(), algorithms=["RS256"], audience=settings.jwt_audience
    )
    assert header["alg"] == "RS256"
    assert len(header["kid"]) == 16
    assert claims["iss"] == settings.jwt_issuer
    assert claims["aud"] == settings.jwt_audience
    assert claims["typ"] == "access"
    assert claims["role"] == "shelter"
    assert claims["exp"] - claims["iat"] == settings.access_token_seconds
    assert tokens.verify(token) == principal
    assert token != tokens.issue(principal)


async def test_a_token_with_the_right_claims_is_let_in(
    api: Api, key: RSAPrivateKey, headers: dict[str, str], claims: dict[str, object]
) -> None:
    token = jwt.encode(claims, key, "RS256", headers=headers)
    assert (await api.with_token(token).get("/api/swipes")).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-api"},
        {"typ": "refresh"},
        {"role": "superuser"},
        {"role": ["admin"]},
        {"sub": "somebody"},
        {"sid": "a session"},
        {"sid": ["a session"]},
        {"exp": 1_000_000_000},
        {"iat": 99_999_999_999},
        *(
            {name: None}
            for name in ("exp", "iat", "iss", "aud", "sub", "jti", "role", "sid", "typ")
        ),
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_or_missing_claim_is_refused(
    api: Api,
    key: RSAPrivateKey,
    headers: dict[str, str],
    claims: dict[str, object],
    wrong: dict[str, object],
) -> None:
    said = {name: value for name, value in {**claims, **wrong}.items() if value is not None}
    token = jwt.encode(said, key, "RS256", headers=headers)
    assert_refused(await api.with_token(token).get("/api/swipes"))


async def test_a_token_of_another_algorithm_is_refused(
    api: Api, key: RSAPrivateKey, headers: dict[str, str], claims: dict[str, object]
) -> None:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # Everybody has the public key; PyJWT does not sign with it, so the forgery is made by hand.
    signed = f"{part(json.dumps({**headers, 'alg': 'HS256'}))}.{part(json.dumps(claims))}"
    signature = urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).decode()
    for token in (
        f"{signed}.{signature.rstrip('=')}",
        jwt.encode(claims, key, "RS512", headers=headers),
        jwt.encode(claims, "", "none", headers=headers),
    ):
        assert_refused(await api.with_token(token).get("/api/swipes"))


async def test_a_token_of_another_key_is_refused(
    api: Api, headers: dict[str, str], claims: dict[str, object]
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(claims, other, "RS256", headers=headers)
    assert_refused(await api.with_token(token).get("/api/swipes"))


@pytest.mark.parametrize("headers_of_the_token", [{}, {"kid": ""}, {"kid": "0" * 16}], ids=str)
async def test_a_token_that_does_not_name_our_key_is_refused(
    api: Api,
    key: RSAPrivateKey,
    claims: dict[str, object],
    headers_of_the_token: dict[str, str],
) -> None:
    token = jwt.encode(claims, key, "RS256", headers=headers_of_the_token)
    assert_refused(await api.with_token(token).get("/api/swipes"))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ....",
        "Bearer äöü",
        "Basic dXNlcjpwYXNz",
        f"Bearer {part('[]')}.{part('{}')}.{part('x')}",
        f"Bearer {part(json.dumps({'alg': 'RS256', 'kid': 7}))}.{part('{}')}.{part('x')}",
        f"Bearer {part('[' * 30_000)}.{part('{}')}.{part('x')}",
        f"Bearer {part('1' * 5_000)}.{part('{}')}.{part('x')}",
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_malformed_authorization_is_refused(api: Api, authorization: str | None) -> None:
    given = [] if authorization is None else [(b"authorization", authorization.encode())]
    assert_refused(await api.client.get("/api/swipes", headers=given))


async def test_the_scheme_may_be_written_in_any_case(adopter: Account) -> None:
    token = adopter.client.headers["authorization"].split()[1]
    answer = await adopter.client.get("/api/swipes", headers={"Authorization": f"bEaReR  {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("route", ["/api/deck", "/api/pets", "/api/swipes", "/api/matches"])
async def test_everything_about_pets_needs_a_token(api: Api, route: str) -> None:
    assert_refused(await api.client.get(route))


def remembered(tokens: Tokens) -> dict[str, tuple[Principal, float]]:
    return tokens._verified  # noqa: SLF001  # what is bounded and ends shows nowhere else


def test_a_token_is_verified_once_and_then_found(settings: Settings) -> None:
    tokens = Tokens(settings)
    principal = Principal(uuid4(), Role.USER, uuid4(), "a digest")
    one, other = tokens.issue(principal), tokens.issue(Principal(uuid4(), Role.USER, uuid4()))
    first = tokens.verify(one)
    assert first == principal
    assert tokens.verify(other) != principal
    # Whoever reads a token makes a new principal of it.
    assert tokens.verify(one) is first
    assert Tokens(settings).verify(one) is not first


def test_a_token_that_is_not_good_is_not_remembered(settings: Settings) -> None:
    tokens = Tokens(settings)
    good = tokens.issue(Principal(uuid4(), Role.USER, uuid4()))
    content, _, signature = good.rpartition(".")
    tokens.verify(good)
    for bad in (f"{content}.{signature[::-1]}", f"{good} ", f"{content}."):
        for _ in range(2):
            with pytest.raises(Unauthorized):
                tokens.verify(bad)
    assert list(remembered(tokens)) == [good]


@pytest.mark.parametrize("lifetime", [60, 3600])
def test_a_token_is_remembered_until_it_ends(settings: Settings, lifetime: int) -> None:
    tokens = Tokens(settings.model_copy(update={"access_token_seconds": lifetime}))
    token = tokens.issue(Principal(uuid4(), Role.USER, uuid4()))
    principal = tokens.verify(token)
    said = jwt.decode(token, options={"verify_signature": False})
    assert remembered(tokens) == {token: (principal, said["iat"] + lifetime)}


def test_a_token_that_has_ended_is_refused_although_it_was_good(
    settings: Settings, key: RSAPrivateKey, headers: dict[str, str], claims: dict[str, object]
) -> None:
    tokens, now = Tokens(settings), int(time.time())
    for ends, good in ((now + 600, True), (now, False), (now - 600, False)):
        token = jwt.encode({**claims, "exp": ends}, key, "RS256", headers=headers)
        # As it was remembered when it still was good.
        somebody = Principal(uuid4(), Role.USER, uuid4())
        remembered(tokens)[token] = somebody, float(ends)
        if good:
            assert tokens.verify(token) is somebody
        else:
            with pytest.raises(Unauthorized, match="no longer"):
                tokens.verify(token)


def test_no_more_tokens_are_remembered_than_there_is_room_for(settings: Settings) -> None:
    tokens = Tokens(settings)
    somebody = Principal(uuid4(), Role.USER, uuid4())
    later = time.time() + 600
    # Signing so many takes a minute.
    known = {f"token {number}": (somebody, later) for number in range(REMEMBERED)}
    remembered(tokens).update(known)
    added = [tokens.issue(somebody) for _ in range(3)]
    for token in added:
        assert tokens.verify(token) == somebody
        assert len(remembered(tokens)) == REMEMBERED
    # The oldest have gone.
    assert list(remembered(tokens)) == [*list(known)[3:], *added]


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def public_of(path: Path) -> Path:
    """Write the public half of a key beside it."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    public = path.with_suffix(".pub")
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return public


def new_key(path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
    return path


async def test_a_key_is_replaced_one_process_after_the_other_without_a_single_refusal(
    settings: Settings, open_api: OpenApi, tmp_path: Path
) -> None:
    old, new = new_key(tmp_path / "old.pem"), new_key(tmp_path / "new.pem")
    before: dict[str, object] = {"jwt_private_key_file": old}
    told = {**before, "jwt_verification_key_files": (public_of(new),)}
    switched = {"jwt_private_key_file": new, "jwt_verification_key_files": (public_of(old),)}
    after: dict[str, object] = {"jwt_private_key_file": new}
    tokens: list[str] = []
    kids = set()
    # Two processes are replaced in turns; whoever logs in at either is served by both.
    steps = [(before, before), (told, before), (told, told), (switched, told)]
    steps += [(switched, switched), (after, switched), (after, after)]
    for number, (one, other) in enumerate(steps):
        async with open_api(settings, **one) as first, open_api(settings, **other) as second:
            if after in (one, other):
                # The old key leaves once its last token has ended.
                tokens = [t for t in tokens if kid(t) == kid(tokens[-1])]
            for api in (first, second):
                joined = (await api.join()).client.headers["authorization"]
                tokens.append(joined.removeprefix("Bearer "))
                kids.add(kid(tokens[-1]))
            for token in tokens:
                for api in (first, second):
                    answer = await api.with_token(token).get("/api/swipes")
                    assert answer.status_code == 200, f"step {number}"
    assert len(kids) == 2


async def test_a_key_that_was_not_announced_is_refused(
    settings: Settings, open_api: OpenApi, tmp_path: Path
) -> None:
    new = new_key(tmp_path / "new.pem")
    async with (
        open_api(settings) as first,
        open_api(settings, jwt_private_key_file=new) as second,
    ):
        token = (await second.join()).client.headers["authorization"].removeprefix("Bearer ")
        assert_refused(await first.with_token(token).get("/api/swipes"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no key at all", "does not hold an unencrypted PEM private key"),
        (b"\xff\xfe", "does not hold an unencrypted PEM private key"),
    ],
)
def test_a_file_without_a_key_is_refused(
    tmp_path: Path, settings: Settings, content: bytes, complaint: str
) -> None:
    path = tmp_path / "jwt.pem"
    path.write_bytes(content)
    with pytest.raises(MisconfiguredError, match=complaint):
        Tokens(settings.model_copy(update={"jwt_private_key_file": path}))


def test_a_short_or_encrypted_key_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "jwt.pem"
    wanted = settings.model_copy(update={"jwt_private_key_file": path})
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # refused
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(short.private_bytes(*pem, serialization.NoEncryption()))
    with pytest.raises(MisconfiguredError, match="must hold an RSA key of 2048 bits or more"):
        Tokens(wanted)
    path.write_bytes(short.private_bytes(*pem, serialization.BestAvailableEncryption(b"secret")))
    with pytest.raises(MisconfiguredError, match="does not hold an unencrypted PEM private key"):
        Tokens(wanted)
