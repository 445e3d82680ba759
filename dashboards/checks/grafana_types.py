"""Grafana's own types as JSON Schema, and what a value that does not fit them should have been."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema import ValidationError

SCHEMA = Path(__file__).parents[1] / "schema" / "grafana.schema.json"
MOST_NAMES, MOST_LETTERS = 12, 40
# Below this, two names only happen to have letters in common.
NEAR = 0.75


@cache
def node(*path: str) -> dict[str, Any] | None:
    """Return the schema of what is at a path of keys in the types; None where they have nothing."""
    found: dict[str, Any] = _document()
    for name in path:
        if name not in found.get("properties", {}):
            return None
        found = found["properties"][name]
    return found


def names(*path: str) -> tuple[str, ...]:
    """List the keys that what is at a path can have; raises LookupError where nothing is."""
    found = node(*path)
    if found is None:
        raise LookupError(".".join(path))
    return tuple(found.get("properties", {}))


def violations(value: object, *path: str) -> Iterator[tuple[str, str]]:
    """Yield a path inside a value and what is wrong there, for each misfit with its type.

    Raises LookupError when the types have nothing at `path`.
    """
    validator = _validator(path)
    for error in sorted(validator.iter_errors(value), key=lambda each: each.json_path):
        yield from _told(error)


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


@cache
def _validator(path: tuple[str, ...]) -> Draft7Validator:
    found = node(*path)
    if found is None:
        raise LookupError(".".join(path))
    return Draft7Validator(found)


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    at = error.json_path.removeprefix("$")
    schema = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "type" and {"enum", "const"} & set(schema):
        return  # its choices tell more
    if error.validator == "anyOf":
        for inner in _likeliest(error.context or ()):
            yield from _told(inner)
    elif error.validator == "additionalProperties":
        allowed = schema.get("properties", {})
        for name in sorted({*_mapping(error.instance)} - {*allowed}):
            yield f"{at}.{name}", f"Grafana has no such key here{instead(name, allowed)}"
    elif error.validator == "required":
        # One error a missing key; each names all that are required.
        name = error.message.partition("' is")[0].strip("'")
        yield at, f"{name} is missing"
    else:
        yield at, f"{_short(error.instance)} is not right: {_wanted(error)}"


def _likeliest(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Return the misfits with the alternative that was meant: the one with the fewest."""
    by_alternative: dict[object, list[ValidationError]] = {}
    for error in errors:
        by_alternative.setdefault(error.schema_path[0], []).append(error)
    return min(by_alternative.values(), key=_distance)


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    # A union of Grafana's is told apart by a constant, like the `type` of a value mapping.
    return any(error.validator == "const" for error in errors), len(errors)


def _wanted(error: ValidationError) -> str:
    kinds: Any = error.validator_value
    if error.validator in ("enum", "const"):
        choices = kinds if error.validator == "enum" else [kinds]
        return f"one of {', '.join(map(json.dumps, choices))}"
    return f"a value of type {' or '.join(kinds) if isinstance(kinds, list) else kinds}"


def instead(name: str, allowed: Iterable[str]) -> str:
    """Say which key was meant, or which there are."""
    known = sorted(allowed)
    near = get_close_matches(name, known, n=1, cutoff=NEAR)
    if near:
        return f": {near[0]} is meant?"
    if not known:
        return ", nor any other"
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return f": {', '.join(known[:MOST_NAMES])}{more}"


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
