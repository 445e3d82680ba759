"""Baselines as JSON: written canonically, and read with suspicion."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from sys import float_info
from typing import TYPE_CHECKING, Any, NoReturn

from loadtests.baseline.model import Recorded, digest
from loadtests.errors import InvalidRun, MisuseError
from slo.statistics.comparison import MINIMUM_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.baseline.model import Facts, Key

VERSION = 1
FIELDS = {"version", "recorded", "revision", "runner", "configuration", "rules"}
MOST_ROUNDS = 1_000
LARGEST = float_info.max
MOST_LETTERS = 20


def write_document(recorded: Recorded) -> bytes:
    """Write a baseline; raises InvalidRun for rounds that are no evidence."""
    document = {
        "version": VERSION,
        "recorded": recorded.recorded.astimezone(UTC).isoformat(),
        "revision": recorded.revision,
        "runner": _hashed(recorded.runner),
        "configuration": _hashed(recorded.configuration),
        "rules": [
            {"rule": rule, "over": over, "rounds": list(rounds)}
            for (rule, over), rounds in sorted(recorded.rounds.items())
        ],
    }
    for key, rounds in recorded.rounds.items():
        if problem := _problem(rounds):
            raise InvalidRun(f"{_told(key)}: {problem}; no baseline was recorded")
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def read_document(raw: bytes, place: str) -> Recorded:
    """Read what was written; raises MisuseError, with where and what, for anything else."""
    document = _json(raw, place)
    if not isinstance(document, dict) or set(document) != FIELDS:
        raise MisuseError(f"{place}: a baseline has the fields {', '.join(sorted(FIELDS))}")
    if document["version"] != VERSION or isinstance(document["version"], bool):
        raise MisuseError(
            f"{place}: version {document['version']!r} is not read, only {VERSION}; record anew"
        )
    if not isinstance(document["revision"], str):
        raise MisuseError(f"{place}: revision is no text")
    return Recorded(
        _moment(document["recorded"], place),
        document["revision"],
        _facts(document["runner"], f"{place}: runner"),
        _facts(document["configuration"], f"{place}: configuration"),
        _rounds(document["rules"], place),
    )


def _json(raw: bytes, place: str) -> Any:  # noqa: ANN401  # parsed JSON
    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(raw, parse_constant=refuse)
    # Lists in lists, a thousand deep, are a RecursionError.
    except (ValueError, RecursionError) as error:
        raise MisuseError(f"{place}: this is no JSON: {error}") from None


def _hashed(facts: Facts) -> dict[str, object]:
    return {"sha256": digest(facts), "facts": dict(facts)}


def _facts(given: object, place: str) -> Facts:
    match given:
        case {"sha256": str(found), "facts": dict(facts)} if all(
            isinstance(value, str) for value in facts.values()
        ):
            if digest(facts) == found:
                return facts
            raise MisuseError(f"{place}: it was changed by hand; record the baseline anew")
    raise MisuseError(f"{place}: facts with their sha256 are expected")


def _moment(given: object, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MisuseError(f"{place}: recorded is {given!r}, not a time like 2026-03-02T09:00:00Z")
    return moment


def _rounds(given: object, place: str) -> Mapping[Key, tuple[float, ...]]:
    if not isinstance(given, list) or not given:
        raise MisuseError(f"{place}: there are no rules in it")
    found: dict[Key, tuple[float, ...]] = {}
    for one in given:
        match one:
            case {"rule": str(rule), "over": str(over), "rounds": list(rounds)}:
                key = (rule, over)
            case _:
                raise MisuseError(f"{place}: each of its rules has rule, over and rounds")
        if key in found:
            raise MisuseError(f"{place}: {_told(key)} is in it twice")
        if problem := _problem(rounds):
            raise MisuseError(f"{place}: {_told(key)}: {problem}")
        found[key] = tuple(map(float, rounds))
    return found


def _problem(rounds: list[Any] | tuple[float, ...]) -> str:
    if not MINIMUM_ROUNDS <= len(rounds) <= MOST_ROUNDS:
        return f"it has {len(rounds)} rounds, not {MINIMUM_ROUNDS} to {MOST_ROUNDS}"
    for value in rounds:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is no number"
        # Whole numbers of JSON have any length.
        if not 0 <= value <= LARGEST:
            return f"a round took {str(value)[:MOST_LETTERS]}, which is no reference"
    return ""


def _told(key: Key) -> str:
    return f"{key[0]} over {key[1]}"
