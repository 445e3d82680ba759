"""Takes secrets and addresses out of whatever is about to be written down.

By the name of a field, and by shape in any text. Every pattern takes linear time: it begins at a
literal or at the beginning of a word, and what it has read it does not read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "[redacted]"
MOST_TEXT = 1024
MOST_ITEMS = 32
MOST_DEPTH = 4
MOST_NAME = 64
# A cut may leave half of a secret that only the whole would show to be one, so the word that was
# cut goes too; an e-mail address has at most 254 characters.
CUT_WORD = 256
MOST_INT = 1 << 63

# Longer names that hold one of these are as sensitive: `new_password`, `x-csrf-token`, `userEmail`.
SENSITIVE = re.compile(
    r"passw|passphrase|pwd|secret|token|authori[sz]ation|cookie|credential|csrf|signature|jwt"
    r"|e_?mail|(?:api|access|private)_?key|(?:invite|join|reset|verification)_?code"
    r"|^(?:auth|code|dsn|mail|otp|pin|sig)$"
)
NAMES = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|csrf|signature|jwt|e-?mail"
    r"|(?:api|access|private)[_-]?key|(?:invite|join|reset|verification)[_-]?code)[\w-]{0,32}"
)
# Between a name and its value: in headers, query strings, JSON (in JSON), and what Python prints.
BETWEEN = r"""["'\\]{0,4}\s{0,4}(?:[=:]|%3d|(?<=["']),)\s{0,4}b?(?!\[redacted\])"""
QUOTED = r"""\\{0,3}"(?:[^"\\]|\\.)*+"?|\\{0,3}'(?:[^'\\]|\\.)*+'?"""
# Lines end where JSON, Python, terminals or browsers say so; a lone surrogate is no text at all.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
LOCAL_PART = r"""[^\s@%<>()\[\]{}"'`,:;=/?&|\\]"""


class Rule(NamedTuple):
    """A shape to look for, in texts that hold one of the needles in any case."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str | Callable[[re.Match[str]], str]


def _rule(needles: str, pattern: str, instead: str = MARK) -> Rule:
    return Rule(tuple(needles.split()), re.compile(pattern, re.IGNORECASE | re.DOTALL), instead)


RULES = (
    _rule("-----begin", r"-----BEGIN [A-Z0-9 ]{1,40}-----(?:.*?-----END [A-Z0-9 ]{1,40}-----|.*+)"),
    _rule(
        "authorization cookie",
        rf"((?:authorization|cookie)[\w-]{{0,16}}{BETWEEN})(?:{QUOTED}|[^\r\n]++)",
        rf"\1{MARK}",
    ),
    _rule("://", r"""(://)[^\s/?#"'<>]*@""", rf"\1{MARK}@"),
    _rule(
        "passw passphrase pwd secret token credential csrf signature jwt mail key code",
        rf"""({NAMES}{BETWEEN})(?:{QUOTED}|[^\s&,;"'<>)}}\]]++)""",
        rf"\1{MARK}",
    ),
    _rule(
        "?code= &code= sig= key= auth=", r"([?&](?:code|sig|key|auth)=)[^\s&#\"'<>]++", rf"\1{MARK}"
    ),
    _rule(
        "bearer basic", r"\b(bearer|basic)[\s:]{1,4}(?!\[redacted)[\w.~+/=-]{6,}+", rf"\1 {MARK}"
    ),
    _rule("eyj", r"eyJ[\w-]{8,}+(?:\.[\w-]*+){0,4}"),
    _rule(
        "@ %40",
        rf"(?:(?<!{LOCAL_PART})(?<!%)|(?<=%40))(?:{LOCAL_PART}|%(?!40))++(?:@|%40)[\w-]++(?:\.[\w-]++)++",
    ),
    # AWS access keys, Google API keys, bcrypt hashes.
    _rule("akia asia aroa aida", r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}"),
    _rule("aiza", r"AIza[\w-]{30,}+"),
    _rule("$2", r"\$2[abxy]?\$\d\d\$[./a-z0-9]{20,}+"),
)
# Our random tokens as URL-safe text: 16 bytes in e-mails, 32 in cookies.
WORD = r"[A-Za-z0-9_-]"
OPAQUE = re.compile(rf"(?<!{WORD})(?:{WORD}{{43}}|{WORD}{{22}})(?!{WORD})")
CAMEL_CASE = re.compile(r"[a-z]*(?:[_-]?[A-Z][a-z]{2,})+")


def redact_text(text: str, most: int = MOST_TEXT) -> str:
    """Return a text without secrets, in one piece that any terminal can show, and not too long."""
    length = len(text)
    if length > most:
        text = _cut(text, most)
    if not text.isascii() or "\x7f" in text:
        text = UNPRINTABLE.sub("\ufffd", text)
    kept = len(text)
    low = text.lower()
    for needles, pattern, instead in RULES:
        for needle in needles:
            if needle in low:
                text = pattern.sub(instead, text)
                break
    if text != low:
        text = OPAQUE.sub(_if_random, text)
    return text if length == kept else f"{text}… [{length - kept} characters cut]"


def redact(value: object, most: int = MOST_TEXT, depth: int = MOST_DEPTH) -> object:
    """Return what may be written of a value: numbers, texts, lists and objects of these."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return int(value) if -MOST_INT <= value < MOST_INT else "[too large a number]"
    if isinstance(value, str | bytes):
        text = value[: 2 * most].decode(errors="replace") if isinstance(value, bytes) else value
        return redact_text(str(text), most)
    return _redact_items(value, most, depth)


def redact_fields(
    fields: Mapping[Any, object], most: int = MOST_TEXT, depth: int = MOST_DEPTH
) -> dict[str, object]:
    """Return what may be written of named values; whether there is a value is no secret."""
    found: dict[str, object] = {}
    for name, value in list(fields.items())[:MOST_ITEMS]:
        key = str(name)
        if is_sensitive(key[:MOST_NAME]) and value is not None and not isinstance(value, bool):
            found[redact_text(key, MOST_NAME)] = MARK
        else:
            found[redact_text(key, MOST_NAME)] = redact(value, most, depth)
    return found


def _redact_items(value: object, most: int, depth: int) -> object:
    if not isinstance(value, Mapping | list | tuple | set | frozenset):
        return redact_text(str(value), most)
    if depth == 0:
        return "[too deep]"
    if isinstance(value, Mapping):
        return redact_fields(value, most, depth - 1)
    return [redact(item, most, depth - 1) for item in list(value)[:MOST_ITEMS]]


@lru_cache(maxsize=1024)
def is_sensitive(name: str) -> bool:
    """Say whether a field of this name may hold a secret or an address."""
    return SENSITIVE.search(name.lower().replace("-", "_")) is not None


def _cut(text: str, most: int) -> str:
    head = text[:most]
    word = max(head.rfind(" "), head.rfind("\n"), most - min(CUT_WORD, most // 2))
    return head[:word]


def _if_random(found: re.Match[str]) -> str:
    """Redact what has the length of our tokens and looks thrown, not written."""
    word = found.group()
    written = word in {word.lower(), word.upper()} or CAMEL_CASE.fullmatch(word)
    return word if written else MARK
