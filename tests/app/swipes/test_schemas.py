"""The hot path takes nothing that the documented route would not take, and answers alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.ids import new_id
from app.swipes.hot import decode, encode
from app.swipes.schemas import MOST_NOTES, NewSwipe, PlainSwipe, Swipe, SwipeAnswer

PET = "0198a0b4-6f6b-7c3e-8d2a-5b1f00c0ffee"
EXAMPLES = 400
# Hypothesis leaves half a surrogate pair out of texts, which JSON can write as an escape.
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))
SPELLINGS = (
    str,
    lambda pet: str(pet).upper(),
    lambda pet: pet.hex,
    lambda pet: f"urn:uuid:{pet}",
    lambda pet: f"{{{pet}}}",
    lambda pet: f" {pet}",
    lambda pet: str(pet)[:-1],
    lambda pet: f"{pet.hex[:4]}-{pet.hex[4:]}",
    lambda pet: pet.int,
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=4,
)
PETS = st.uuids().map(str) | st.builds(
    lambda pet, spell: spell(pet), st.uuids(), st.sampled_from(SPELLINGS)
)
LIKES = (
    st.booleans()
    | st.booleans()
    | st.sampled_from(["true", "yes", "on", "1", "t", 1, 0, 1.0, None])
)
LONG = st.builds(
    lambda letter, length: letter * length,
    st.sampled_from(["x", "é", "🐶", "\n", "\0", "\ud800"]),
    st.integers(MOST_NOTES - 1, MOST_NOTES + 1),
)
NOTES = st.none() | st.text() | ANY_TEXT | LONG
KEYS = st.sampled_from(["pet_id", "liked", "notes", "Liked", "other", "pet\\u005fid"])
MEMBERS = (
    st.tuples(st.just("pet_id"), PETS)
    | st.tuples(st.just("liked"), LIKES)
    | st.tuples(st.just("notes"), NOTES)
    | st.tuples(KEYS, JUNK)
)
USUAL = st.tuples(
    st.tuples(st.just("pet_id"), PETS),
    st.tuples(st.just("liked"), LIKES),
    st.tuples(st.just("notes"), NOTES),
)


def written(members: list[tuple[str, object]], escaped: bool) -> bytes:
    """Write an object whose keys may come more than once."""
    parts = [f'"{key}":{json.dumps(value, ensure_ascii=escaped)}' for key, value in members]
    return f"{{{', '.join(parts)}}}".encode(errors="surrogatepass")


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Draw a body as clients write it, or nearly."""
    members = [*draw(USUAL), *draw(st.just([]) | st.lists(MEMBERS, max_size=2))]
    return written(draw(st.permutations(members)), draw(st.booleans()))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a body some bytes of which were lost, changed or added on the way."""
    body = draw(documents())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        more = draw(st.sampled_from([b"", b" ", b"\n", b"\0", b'"', b"\\", b",", b"\xff", b"}"]))
        body = body[:at] + more + body[at + draw(st.integers(0, 2)) :]
    return body


def plain(body: bytes) -> PlainSwipe | None:
    """Read a body as the hot path does; None leaves it to the documented route."""
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def assert_read_alike(body: bytes) -> None:
    read = plain(body)
    if read is not None:
        taken = NewSwipe.model_validate(json.loads(body))
        as_text = str(taken.pet_id)
        assert (read.pet_id, read.liked, read.notes) == (as_text, taken.liked, taken.notes)
        assert type(read.liked) is bool


@settings(max_examples=EXAMPLES, deadline=None)
@given(documents())
@example(b'{"pet_id":"%b","liked":true,"liked":false}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\\ud83d\\udc36"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\\ud83d"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\\udc36\\ud83d"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\\u0000"}' % PET.encode())
def test_what_the_hot_path_reads_the_documented_route_reads_alike(body: bytes) -> None:
    assert_read_alike(body)


@settings(max_examples=EXAMPLES, deadline=None)
@given(mutated())
@example(b'{"pet_id":"%b","liked":true,"notes":"a\nb"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\xff"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\xed\xa0\x80"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,"notes":"\xc0\x80"}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true,}' % PET.encode())
@example(b'{"pet_id":"%b","liked":true}}' % PET.encode())
@example(b'{"pet_id":"%b\\n","liked":true}' % PET.encode())
@example(b'\xef\xbb\xbf{"pet_id":"%b","liked":true}' % PET.encode())
@example(f'{{"pet_id":"{PET}","liked":true}}'.encode("utf-16"))
def test_whatever_has_happened_to_a_body_both_read_it_alike(body: bytes) -> None:
    assert_read_alike(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"pet_id":"%b","liked":true}',
        b'{"liked":false,"pet_id":"%b","notes":null}',
        b' { "pet_id" : "%b",\n"liked":true, "notes":"Such ears! \xf0\x9f\x90\xb6" } ',
        b'{"pet_id":"%b","liked":true,"notes":"' + b"\xc3\xa9" * MOST_NOTES + b'"}',
    ],
)
def test_what_clients_send_is_the_plain_case(body: bytes) -> None:
    read = plain(body % PET.encode())
    assert read is not None
    assert read.pet_id == PET


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.uuids(),
    st.booleans(),
    st.none() | st.text() | st.text(st.sampled_from('"\\/\b\f\n\r\t\x1f\x7f\u2028<é🐶')),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1))  # noqa: DTZ001  # of them it takes no other
    | st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0)),
    st.none() | st.uuids(),
)
@example(uuid4(), True, None, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None)  # noqa: FBT003
@example(uuid4(), True, "", datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC), uuid4())  # noqa: FBT003
def test_an_answer_of_the_hot_path_is_byte_for_byte_the_documented_one(
    pet: UUID, liked: bool, notes: str | None, created_at: datetime, match: UUID | None
) -> None:
    made = new_id()
    documented = Swipe(
        id=UUID(made),
        pet_id=pet,
        liked=liked,
        notes=notes,
        created_at=created_at,
        match_id=match,
    )
    answer = SwipeAnswer(made, str(pet), liked, notes, created_at, match)
    assert encode(answer) == documented.model_dump_json().encode()
