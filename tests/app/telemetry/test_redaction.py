from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from random import Random
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.telemetry.redaction import (
    MARK,
    MOST_ITEMS,
    MOST_TEXT,
    UNPRINTABLE,
    redact,
    redact_fields,
    redact_text,
)

JWT = jwt.encode({"sub": "adopter", "role": "user"}, "k" * 32, "HS256")
RESET = "uH3k_9Zq-LwT2bXcV7mN0A"
REFRESH = "dG9Kq2x_Vb7Rz-1LwP4mYt8NcE6sHf3JuQ0oXaI5kWU"
BCRYPT = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEcanary\nx+y/z=\n-----END RSA PRIVATE KEY-----"
MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"the token {JWT} is old", JWT),
        (f"cut in half: {JWT[:30]}", JWT[:30]),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("bearer  abcdef123456 was refused", "abcdef123456"),
        ("sent Basic YWxpY2U6aHVudGVyMg== upstream", "YWxpY2U6aHVudGVyMg"),
        ("Cookie: session=canary; theme=dark", "canary"),
        ("{'set-cookie': 'refresh=canary; Path=/'}", "canary"),
        ("[(b'cookie', b'session=canary')]", "canary"),
        ("no account for alice.o+pets@example.co.uk here", "alice"),
        ("GET /x?email=alice%40example.org&y=1", "alice"),
        ("mailto:alice@example.org", "alice"),
        ("müller@bücher.example wrote", "müller"),
        ("postgresql://app:canary@db:5432/petswipe", "canary"),
        ("redis://:p@canary@cache:6379/0", "canary"),
        ("GET /reset?token=canary&next=/", "canary"),
        ("GET /callback?state=1&code=canary HTTP/1.1", "canary"),
        ("GET /a?X-Amz-Signature=canary&X-Amz-Date=1", "canary"),
        ("GET /v1?key=canary#top", "canary"),
        ("GET /to?next=%2Freset%3Ftoken%3Dcanary", "canary"),
        ('{"password": "correct canary battery"}', "canary"),
        ('"{\\"new_password\\": \\"correct canary battery\\"}"', "canary"),
        ("{'password': 'it\\'s canary'}", "canary"),
        ("LogIn(email='x', password='canary')", "canary"),
        ("api-key: canary", "canary"),
        ("X-CSRF-Token: canary", "canary"),
        ("using AKIAIOSFODNN7EXAMPLE for S3", "AKIAIOSFODNN7EXAMPLE"),
        ("AIzaSyA" + "c" * 33, "AIzaSyA"),
        (f"params ('x', '{BCRYPT}')", BCRYPT[7:]),
        (f"loaded {PEM} from a file", "canary"),
        (PEM[:45], "canary"),
        (f"the reset token {RESET} is used", RESET),
        (f"refresh {REFRESH}, again", REFRESH),
    ],
)
def test_a_secret_in_a_text_is_taken_out(text: str, secret: str) -> None:
    safe = redact_text(text)
    assert secret not in safe
    assert MARK in safe


@pytest.mark.parametrize(
    "text",
    [
        "household.create.started",
        "a pet was found in 12.5 ms",
        "object 3bf0b7b3-b252-4411-8060-f3af8d8b8f87 stays",
        "GET /api/pets/{pet_id} 200",
        "the password is wrong",
        "ratio 3:4, at 12:30:59",
        "RequestValidationError and ConnectionDoesNotExist",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "http://127.0.0.1:8000/api/health?deep=1&code_name=x",
        "me@home is no address",
        "zażółć gęślą jaźń 🐕",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redact_text(text) == text


def test_every_token_of_ours_is_recognised() -> None:
    thrown = Random(7)  # noqa: S311  # the same tokens in each run
    for size in (16, 32):
        for _ in range(2000):
            token = urlsafe_b64encode(thrown.randbytes(size)).decode().rstrip("=")
            assert token not in redact_text(f"sent {token} to somebody")


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "Passwd",
        "client_secret",
        "accessToken",
        "Authorization",
        "cookie",
        "Set-Cookie",
        "api_key",
        "apiKey",
        "x-csrf-token",
        "email",
        "e-mail",
        "userEmail",
        "invite_code",
        "code",
    ],
)
def test_a_field_with_such_a_name_is_hidden_at_any_depth(name: str) -> None:
    safe = redact_fields({"outer": [{"inner": {name: "canary"}}], name: ["canary"]})
    assert "canary" not in repr(safe)
    assert safe[name] == MARK


@pytest.mark.parametrize(
    "name", ["status_code", "error_type", "user_id", "request_id", "object_id"]
)
def test_a_field_with_another_name_is_shown(name: str) -> None:
    assert redact_fields({name: "value"}) == {name: "value"}


def test_whether_there_is_a_secret_is_none() -> None:
    assert redact_fields({"email": None, "password_set": True}) == {
        "email": None,
        "password_set": True,
    }


def test_values_of_all_kinds_become_plain_ones() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert redact({"a": (1, 2.5, None), "b": {now}, 3: b"x\xff"}) == {
        "a": [1, 2.5, None],
        "b": ["2026-01-02 00:00:00+00:00"],
        "3": "x\ufffd",
    }
    assert redact(1 << 64) == "[too large a number]"


def test_a_long_text_is_cut_and_says_so() -> None:
    safe = redact_text("pet " * MEGABYTE)
    assert len(safe) < MOST_TEXT + 50
    kept = safe.partition("…")[0]
    assert safe.endswith(f"… [{4 * MEGABYTE - len(kept)} characters cut]")


@pytest.mark.parametrize("secret", ["alice@example.org", JWT, REFRESH, "password='hunter two'"])
def test_a_cut_leaves_no_half_of_a_secret(secret: str) -> None:
    for before in range(MOST_TEXT - len(secret) - 2, MOST_TEXT + 1):
        safe = redact_text("x " * (before // 2) + " " * (before % 2) + secret + " and more" * 20)
        for piece in ("alice", JWT[:16], REFRESH[:12], "hunter"):
            assert piece not in safe


def test_deep_and_wide_values_are_bounded() -> None:
    deep: Any = "bottom"
    for _ in range(10_000):
        deep = [deep]
    assert "too deep" in repr(redact(deep))
    wide = redact(list(range(MEGABYTE)))
    assert isinstance(wide, list)
    assert len(wide) == MOST_ITEMS
    assert len(redact_fields({str(number): number for number in range(1000)})) == MOST_ITEMS


def test_terminals_are_given_no_commands() -> None:
    safe = redact_text("a\x9b31m b\u2028c \u202e d \ud800 e\x7f")
    assert safe == "a\ufffd31m b\ufffdc \ufffd d \ufffd e\ufffd"


HOSTILE = [
    "a",
    "eyJ",
    "a@",
    "a.@",
    "token=",
    'token="',
    "://a:",
    "-----BEGIN A-----",
    "bearer ",
    "a%40",
    "%",
    "$2b$12$",
    "\\",
    'password\\\\\\"',
    "token",
    "token-",
    "Aa1",
    "Aa1-_.",
    "cookie=",
    "cookie",
    "?code=",
    "AKIA",
    "\u2028",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (MEGABYTE // len(piece))
    started = time.thread_time()
    redact_text(text, 2 * MEGABYTE)
    # A quadratic pattern takes hours; a linear one about half a second.
    assert time.thread_time() - started < 20
    started = time.thread_time()
    redact_text(text)
    assert time.thread_time() - started < 1


@given(st.text(st.characters()), st.integers(16, 200))
def test_any_text_can_be_redacted(text: str, most: int) -> None:
    safe = redact_text(text, most)
    assert safe.encode().decode() == safe
    assert not UNPRINTABLE.search(safe)
    # A mark may be longer than what it stands for.
    assert len(safe) <= 3 * most + 50
