from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import TraceState

from app.telemetry.w3c import Remote, read_headers, read_parent, read_state, write_parent

TRACE = "12345678901234567890123456789012"
SPAN = "1234567890123456"
VALID = f"00-{TRACE}-{SPAN}-01".encode()
REMOTE = Remote(int(TRACE, 16), int(SPAN, 16), sampled=True)
TRACE_IDS = st.integers(1, (1 << 128) - 1)
SPAN_IDS = st.integers(1, (1 << 64) - 1)
KEY_CHARACTERS = string.ascii_lowercase + string.digits + "_-*/"
VALUE_CHARACTERS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")
MEMBERS = st.builds(
    "{}={}".format,
    st.text(KEY_CHARACTERS, min_size=1, max_size=20).map("k".__add__),
    st.text(VALUE_CHARACTERS, min_size=1, max_size=20).filter(lambda text: not text.endswith(" ")),
)

INVALID = {
    "nothing": "",
    "no dashes": "00" + TRACE + SPAN + "01",
    "version of an invalid character": f".0-{TRACE}-{SPAN}-01",
    "version that ends with one": f"0.-{TRACE}-{SPAN}-01",
    "version too short": f"0-{TRACE}-{SPAN}-01",
    "version too long": f"000-{TRACE}-{SPAN}-01",
    "version twice as long": f"0000-{TRACE}-{SPAN}-01",
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "version ff with more behind it": f"ff-{TRACE}-{SPAN}-01-more",
    "version in capitals": f"CC-{TRACE}-{SPAN}-01",
    "trace id of zeros": f"00-{'0' * 32}-{SPAN}-01",
    "trace id of an invalid character": f"00-.{TRACE[1:]}-{SPAN}-01",
    "trace id that ends with one": f"00-{TRACE[1:]}.-{SPAN}-01",
    "trace id too short": f"00-{TRACE[1:]}-{SPAN}-01",
    "trace id too long": f"00-{TRACE}3-{SPAN}-01",
    "trace id in capitals": f"00-{'A' * 32}-{SPAN}-01",
    "span id of zeros": f"00-{TRACE}-{'0' * 16}-01",
    "span id of an invalid character": f"00-{TRACE}-.{SPAN[1:]}-01",
    "span id that ends with one": f"00-{TRACE}-{SPAN[1:]}.-01",
    "span id too short": f"00-{TRACE}-{SPAN[1:]}-01",
    "span id too long": f"00-{TRACE}-{SPAN}7-01",
    "span id in capitals": f"00-{TRACE}-{'B' * 16}-01",
    "flags of an invalid character": f"00-{TRACE}-{SPAN}-.0",
    "flags that end with one": f"00-{TRACE}-{SPAN}-0.",
    "flags too short": f"00-{TRACE}-{SPAN}-1",
    "flags too long": f"00-{TRACE}-{SPAN}-001",
    "flags in capitals": f"00-{TRACE}-{SPAN}-0A",
    "no flags": f"00-{TRACE}-{SPAN}",
    "a dot behind version 00": f"00-{TRACE}-{SPAN}-01.",
    "a dash behind version 00": f"00-{TRACE}-{SPAN}-01-",
    "more behind version 00": f"00-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
    "more behind a later version without a dash": f"cc-{TRACE}-{SPAN}-01.what-the-future",
    "a digit behind a later version": f"01-{TRACE}-{SPAN}-011",
    "line end": f"00-{TRACE}-{SPAN}-01\n",
    "line end behind a later version": f"cc-{TRACE}-{SPAN}-01-a\nb",
    "digits of another script": f"00-{'٣' * 16}-{SPAN}-01",
    "underscores": f"00-{'1_' * 16}-{SPAN}-01",
    "a sign": f"00-+{TRACE[1:]}-{SPAN}-01",
}

STATES = {
    "one member": ("foo=1", "foo=1"),
    "members in their order": (
        "foo=1,bar=2,rojo=1,congo=2,baz=3",
        "foo=1,bar=2,rojo=1,congo=2,baz=3",
    ),
    "blanks around members": ("\t foo=1 \t , \t bar=2, \t baz=3\t ", "foo=1,bar=2,baz=3"),
    "members of nothing": (",foo=1,, ,\t,bar=2,", "foo=1,bar=2"),
    "nothing": ("", ""),
    "only commas": (" , ,", ""),
    "every character of a key": (f"{KEY_CHARACTERS}=1", f"{KEY_CHARACTERS}=1"),
    "every character of a tenant's key": (
        f"{KEY_CHARACTERS}@a-z0-9_-*/=1",
        f"{KEY_CHARACTERS}@a-z0-9_-*/=1",
    ),
    "every character of a value": (f"a={VALUE_CHARACTERS}", f"a={VALUE_CHARACTERS}"),
    "blanks inside and before a value": ("a= b c", "a= b c"),
    "a tenant that begins with a digit": ("0a@b=1", "0a@b=1"),
    "the longest key": (f"foo=1,{'z' * 256}=1", f"foo=1,{'z' * 256}=1"),
    "the longest tenant and system": (
        f"foo=1,{'t' * 241}@{'v' * 14}=1",
        f"foo=1,{'t' * 241}@{'v' * 14}=1",
    ),
    "the longest value": (f"a={'v' * 256}", f"a={'v' * 256}"),
    "512 bytes": (f"a={'v' * 253},b={'v' * 254}", f"a={'v' * 253},b={'v' * 254}"),
}

INVALID_STATES = {
    "the same key twice": "foo=1,foo=1",
    "the same key with another value": "foo=1,bar=3,foo=2",
    "a blank behind the key": "foo =1",
    "a key in capitals": "FOO=1",
    "a dot in the key": "foo.bar=1",
    "no system": "foo@=1,bar=2",
    "no tenant": "@foo=1,bar=2",
    "two signs of a tenant": "foo@@bar=1,bar=2",
    "three parts of a tenant": "foo@bar@baz=1,bar=2",
    "a key that begins with a digit": "1foo=1",
    "a system that begins with a digit": "foo@1bar=1",
    "no value": "foo=",
    "no key": "=1",
    "no sign": "foo",
    "a sign in the value": "foo=bar=baz",
    "a control character in the value": "foo=\x01",
    "a letter beyond ASCII in the value": "foo=\xe4",
    "a line end": "foo=1\n",
    "key too long": f"foo=1,{'z' * 257}=1",
    "tenant too long": f"foo=1,{'t' * 242}@v=1",
    "system too long": f"foo=1,t@{'v' * 15}=1",
    "value too long": f"foo=1,a={'v' * 257}",
    "513 bytes": f"a={'v' * 254},b={'v' * 254}",
    "33 members": ",".join(f"bar{number:02}={number:02}" for number in range(33)),
}


@given(TRACE_IDS, SPAN_IDS, st.booleans())
def test_what_is_written_is_read_again(trace_id: int, span_id: int, sampled: bool) -> None:
    written = write_parent(trace_id, span_id, sampled=sampled)
    assert len(written) == len(VALID)
    assert read_parent(written.encode()) == Remote(trace_id, span_id, sampled)


@given(st.binary(max_size=80) | st.text("0123456789abcdefABCDEF-", max_size=80).map(str.encode))
def test_what_is_read_is_what_was_written(value: bytes) -> None:
    remote = read_parent(value)
    if remote is not None:
        written = write_parent(remote.trace_id, remote.span_id, sampled=remote.sampled)
        assert value[2:53].decode() == written[2:53]


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_an_invalid_parent_is_none(value: str) -> None:
    assert read_parent(value.encode()) is None


@pytest.mark.parametrize("more", ["", "-", "-what-the-future-will-be-like", "-01"])
@pytest.mark.parametrize("version", ["01", "cc", "fe"])
def test_a_later_version_is_read_as_far_as_it_is_known(version: str, more: str) -> None:
    assert read_parent(f"{version}-{TRACE}-{SPAN}-01{more}".encode()) == REMOTE


@pytest.mark.parametrize(
    ("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True), ("ff", True)]
)
def test_only_the_last_bit_of_the_flags_says_sampled(flags: str, sampled: bool) -> None:
    assert read_parent(f"00-{TRACE}-{SPAN}-{flags}".encode()) == REMOTE._replace(sampled=sampled)


@pytest.mark.parametrize("blanks", [("", ""), (" ", ""), ("", "\t"), ("\t ", " \t")])
def test_blanks_around_a_parent_do_not_count(blanks: tuple[str, str]) -> None:
    before, behind = (blank.encode() for blank in blanks)
    assert read_headers([(b"traceparent", before + VALID + behind)]) == REMOTE


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"tracestate", b"foo=1")],
        [(b"trace-parent", VALID)],
        [(b"trace.parent", VALID)],
        [(b"traceparent", VALID), (b"traceparent", VALID)],
        [(b"traceparent", VALID), (b"tracestate", b"foo=1"), (b"traceparent", b"")],
        [(b"traceparent", VALID + b"," + VALID)],
        [(b"traceparent", b"")],
    ],
)
def test_without_exactly_one_valid_parent_there_is_no_caller(
    headers: list[tuple[bytes, bytes]],
) -> None:
    assert read_headers(headers) is None


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], ""),
        ([b""], ""),
        ([b"foo=1", b""], "foo=1"),
        ([b"", b"foo=1"], "foo=1"),
        ([b"foo=1,bar=2", b"rojo=1,congo=2", b"baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        ([b"foo=1", b"foo=1"], ""),
        ([b"foo=1", b"foo=2"], ""),
        ([b"FOO=1"], ""),
    ],
)
def test_several_states_are_one_and_an_invalid_one_leaves_the_parent(
    states: list[bytes], state: str
) -> None:
    headers = [(b"tracestate", value) for value in states]
    headers.insert(len(headers) // 2, (b"traceparent", VALID))
    headers += [(b"trace-state", b"wrong=1"), (b"host", b"localhost")]
    assert read_headers(headers) == REMOTE._replace(state=state)


@pytest.mark.parametrize(("value", "state"), STATES.values(), ids=STATES)
def test_a_valid_state_is_kept(value: str, state: str) -> None:
    assert read_state(value.encode()) == state


@pytest.mark.parametrize("value", INVALID_STATES.values(), ids=INVALID_STATES)
def test_an_invalid_state_is_dropped_whole(value: str) -> None:
    assert read_state(value.encode("latin-1")) == ""


def test_32_members_are_kept() -> None:
    state = ",".join(f"bar{number:02}={number:02}" for number in range(32))
    assert read_state(state.encode()) == state


@given(st.lists(MEMBERS, max_size=40), st.binary(max_size=3))
def test_what_is_kept_of_a_state_is_what_the_sdk_takes(members: list[str], more: bytes) -> None:
    state = read_state(",".join(members).encode() + more)
    assert TraceState.from_header([state]).to_header() == state
