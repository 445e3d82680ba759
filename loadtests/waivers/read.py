"""The file of waivers: read and checked whole, before any load is sent.

    version: 1
    waivers:
      - id: slow-deck-after-migration
        owner: ada
        approver: grace
        reason: The index is built on Thursday.
        rules: [deck-latency]
        from: 2026-03-02
        expires: 2026-03-09

`from` is the day it was agreed: never one to come, so that no waiver reaches further than seven
days from today, whatever is written.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from yaml import MappingNode, SequenceNode

from loadtests.errors import MisuseError
from loadtests.rules.model import refuse_id
from loadtests.rules.units import RuleError
from loadtests.waivers.model import Waiver
from slo.specs.documents import read_documents
from slo.specs.locate import Findings, Problem, SpecError, meant, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from slo.specs.locate import Place

VERSION = "1"
MOST_DAYS = 7
TEXTS = ("id", "owner", "approver", "reason")
FIELDS = (*TEXTS, "rules", "from", "expires")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class WaiversError(MisuseError):
    """A file of waivers cannot be used; `problems` holds every reason, in the order of lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Write one problem a line."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def read_waivers(
    file: str | Path, rule_ids: Collection[str], today: date | None = None
) -> tuple[Waiver, ...]:
    """Return the waivers of a file, none is fine; `today` is the machine's day in UTC if not given.

    Raises WaiversError with every problem: one that has ended, waives a rule that is not judged,
    lasts too long, or that its owner approved.
    """
    findings = Findings()
    day = today or datetime.now(UTC).date()
    try:
        waivers = _document(Path(file), findings, tuple(rule_ids), day)
    except SpecError as error:
        raise WaiversError(error.problems) from None
    if findings.problems:
        raise WaiversError(findings.problems)
    return tuple(waivers)


def _document(
    file: Path, findings: Findings, rule_ids: tuple[str, ...], today: date
) -> list[Waiver]:
    documents = read_documents(file, findings, "version and waivers")
    if not documents:
        return []
    if len(documents) > 1:
        documents[1].wrong(
            "only one document is read, with version and waivers; take the others out"
        )
    given = documents[0].fields("", "version waivers")
    if "version" in given:
        given["version"].choice((VERSION,))
    places = given["waivers"].items() if "waivers" in given else []
    _refuse_twins([name for place in places if (name := _id(place))], "the id")
    rules = [rule for place in places for rule in _rules(place)]
    _refuse_twins(rules, "the rule")
    for rule in rules:
        _refuse_unknown(rule, rule_ids)
    return [waiver for place in places if (waiver := _waiver(place, today)) is not None]


def _id(place: Place) -> Place | None:
    return place.mapping().get("id") if isinstance(place.node, MappingNode) else None


def _rules(place: Place) -> list[Place]:
    named = place.mapping().get("rules") if isinstance(place.node, MappingNode) else None
    return [] if named is None else named.items()


def _refuse_twins(places: Sequence[Place], what: str) -> None:
    seen: dict[str, Place] = {}
    for place in places:
        word = str(place.node.value)
        if word in seen:
            place.wrong(f"{what} {shown(word)} is also in line {seen[word].line}; keep one")
        seen.setdefault(word, place)


def _refuse_unknown(place: Place, rule_ids: tuple[str, ...]) -> None:
    name = place.text()
    if name is not None and name not in rule_ids:
        place.wrong(f"no rule of this run is called {shown(name)}; {meant(name, rule_ids)}")


def _waiver(place: Place, today: date) -> Waiver | None:
    given = place.fields("", " ".join(FIELDS))
    texts = {name: _text(given[name], name) for name in TEXTS if name in given}
    rules = tuple(str(rule.node.value) for rule in _rules(place))
    if not rules and "rules" in given and isinstance(given["rules"].node, SequenceNode):
        given["rules"].wrong("no rule is named; a waiver is for rules by their ids")
    _refuse_own_approval(given, texts)
    expires = _days(given, today)
    words = [text for text in texts.values() if text is not None]
    if len(words) < len(texts) or len(given) < len(FIELDS) or expires is None:
        return None
    name, owner, approver, reason = words
    return Waiver(name, owner, approver, reason, rules, expires, place.file, place.line)


def _text(place: Place, name: str) -> str | None:
    text = place.text()
    if text is None:
        return None
    if name == "id":
        try:
            refuse_id(text)
        except RuleError as error:
            place.wrong(str(error))
            return None
    elif not text.strip():
        place.wrong("it is empty; " + ("say why" if name == "reason" else "name somebody"))
        return None
    return text.strip()


def _refuse_own_approval(given: dict[str, Place], texts: dict[str, str | None]) -> None:
    owner, approver = texts.get("owner"), texts.get("approver")
    if owner and approver and _person(owner) == _person(approver):
        given["approver"].wrong(
            f"{shown(approver)} owns the waiver; somebody else than its owner approves it"
        )


def _person(name: str) -> str:
    """Return what stays of a name however it is written: @Ada and ada are one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()).removeprefix("@")


def _days(given: dict[str, Place], today: date) -> date | None:
    """Return the last day, and note what is wrong with either end."""
    found = {name: _day(given[name]) for name in ("from", "expires") if name in given}
    first, last = found.get("from"), found.get("expires")
    if first is not None and first > today:
        given["from"].wrong(f"{first} is yet to come; the day it was agreed, {today} or before")
    if last is not None and last < today:
        ago = (today - last).days
        given["expires"].wrong(
            f"the waiver ended {ago} {'day' if ago == 1 else 'days'} ago; take it out"
        )
    if first is not None and last is not None and not 0 <= (last - first).days <= MOST_DAYS:
        given["expires"].wrong(
            f"{last} is {(last - first).days} days after {first}; 0 to {MOST_DAYS} are possible"
        )
    return last


def _day(place: Place) -> date | None:
    text = place.text()
    if text is None:
        return None
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    place.wrong(f"{shown(text)} is no day; write it like 2026-03-09")
    return None
