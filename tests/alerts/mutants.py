"""Rules with one thing wrong: a limit, a window, a comparison, a wait, a guard, a name."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Changes = Iterator[tuple[str, dict[str, Any]]]

LIMIT = re.compile(r" > (\d[\d.]*)")
JOIN = re.compile(r" and on \(([^)]*)\)")
RATIO = re.compile(r"ratio_rate(\w+)\{")
RANGE = re.compile(r"\[(\d+)([smhd])\]")
LENGTH = re.compile(r"(\d+)([smhd])")
MEMORY = re.compile(r"last_over_time\((?P<ratio>slo:\w+:\w+\{[^}]*\})\[\w+\]\)")
SHORT = re.compile(rf" and on \(([^)]*)\) {MEMORY.pattern} > ([\d.]+)")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OTHERS = {"5m": "1h", "30m": "2h", "1h": "6h", "2h": "1d", "6h": "1d", "1d": "3d", "3d": "30m"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A document of rules with one change; `pair` is the long window that it is about, if any."""

    name: str
    document: dict[str, Any]
    pair: str


def mutants(document: dict[str, Any], *, counts: bool) -> Iterator[Mutant]:
    """Change one thing at a time of everything that alerts are made of.

    Recorded events are left alone where they are not those of the service, one for one.
    """
    pairs = [r["labels"]["long_window"] for r in rules(document) if "long_window" in r["labels"]]
    for number, rule in enumerate(rules(document)):
        if "alert" in rule:
            pair = rule["labels"].get("long_window", "")
            changes = _alert(rule) if pair else _no_data(rule)
        elif (window := rule["labels"].get("sloth_window")) and "ratio_rate" in rule["record"]:
            alerts = [r for r in rules(document) if _reads(r, window)]
            pair = alerts[0]["labels"]["long_window"] if alerts else ""
            changes = _ratio(rule) if pair or window not in OTHERS else iter(())
        elif "increase" in rule["record"] and not counts:
            continue
        else:
            pair, changes = "", _number(rule)
        for name, changed in changes:
            title = " ".join(filter(None, (rule.get("alert") or rule["record"], pair)))
            title += f": {name}"
            yield Mutant(title, _with(document, number, changed), pair if pair in pairs else "")


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in document["groups"] for rule in group["rules"]]


def slim(document: dict[str, Any], pair: str) -> dict[str, Any]:
    """Keep what one pair of windows needs, or the alert without any, to rehearse it faster."""
    own = [r for r in rules(document) if r["labels"].get("long_window") == pair]
    read = {"5m", *(window for rule in own for window in RATIO.findall(rule["expr"]))}
    small = copy.deepcopy(document)
    for group in small["groups"]:
        group["rules"] = [
            rule
            for rule in group["rules"]
            if (
                rule["labels"].get("long_window", "") == pair
                if "alert" in rule
                else "increase" in rule["record"]
                or "weight" in rule["record"]
                or rule["labels"].get("sloth_window") in read
            )
        ]
    small["groups"] = [group for group in small["groups"] if group["rules"]]
    return small


def _reads(rule: dict[str, Any], window: str) -> bool:
    return "long_window" in rule["labels"] and f"ratio_rate{window}{{" in rule["expr"]


def _with(document: dict[str, Any], number: int, rule: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    for group in changed["groups"]:
        if number < len(group["rules"]):
            group["rules"][number] = rule
            return changed
        number -= len(group["rules"])
    raise IndexError(number)


def _alert(rule: dict[str, Any]) -> Changes:
    expr = rule["expr"]
    limits = list(LIMIT.finditer(expr))
    for place, found in zip(("long", "short"), limits, strict=False):
        for by in (4, 1.25, 0.75):
            limit = float(found[1]) * by
            yield f"{place} limit x {by}", _at(rule, found, f" > {limit:.10g}")
        yield f"{place} below", _at(rule, found, f" < {found[1]}")
    for place, found in zip(("short", "guard"), JOIN.finditer(expr), strict=False):
        for instead in ("or", "unless"):
            yield f"{instead} {place}", _at(rule, found, f" {instead} on ({found[1]})")
        rest = expr[found.start() :]
        end = len(expr) if place == "guard" else found.start() + _second(rest)
        yield f"no {place}", {**rule, "expr": expr[: found.start()] + expr[end:]}
    for place, found in zip(("long", "short"), RATIO.finditer(expr), strict=False):
        yield (
            f"{place} window {OTHERS[found[1]]}",
            _at(rule, found, f"ratio_rate{OTHERS[found[1]]}{{"),
        )
    yield from _memory(rule)
    yield from _guard(rule, limits[2:])
    yield from _waits(rule)
    for label, value in (("severity", "none"), ("slo_severity", "none"), ("long_window", "9h")):
        yield f"{label} {value}", {**rule, "labels": {**rule["labels"], label: value}}
    yield "another name", {**rule, "alert": "SomethingElse"}


def _memory(rule: dict[str, Any]) -> Changes:
    """Forget the last short window with events sooner, at once, or when it matters.

    To remember it for longer changes nothing: the long window has forgotten by then.
    """
    expr = rule["expr"]
    found = MEMORY.search(expr)
    assert found
    sooner = f"last_over_time({found['ratio']}{_third(RANGE.search(found[0]))})"  # type: ignore[arg-type]
    yield "a third of the memory", _at(rule, found, sooner)
    yield "no memory", _at(rule, found, found["ratio"])
    stops = SHORT.sub(r" unless on (\1) \2 <= \3", expr, count=1)
    assert stops != expr
    yield "an empty short window begins", {**rule, "expr": stops}


def _guard(rule: dict[str, Any], limits: list[re.Match[str]]) -> Changes:
    for found in limits:
        for by in (1, -1):
            yield f"guard {by:+}", _at(rule, found, f" > {float(found[1]) + by:g}")
        yield "guard below", _at(rule, found, f" < {found[1]}")
        begins = list(JOIN.finditer(rule["expr"]))[1].start()
        for name, window in _windows(rule["expr"][begins:]):
            yield f"guard over {name}", {**rule, "expr": rule["expr"][:begins] + window}


def _waits(rule: dict[str, Any]) -> Changes:
    for field in ("for", "keep_firing_for"):
        seconds = _seconds(LENGTH.fullmatch(rule[field]))
        for name, changed in (("twice", seconds * 2), ("half", seconds // 2), ("none", 0)):
            # Half a minute is a minute to rules that are evaluated each minute.
            if changed >= 60 or not changed:
                yield f"{field} {name}", {**rule, field: f"{changed}s"}


def _no_data(rule: dict[str, Any]) -> Changes:
    yield from _waits(rule)
    yield "present", {**rule, "expr": rule["expr"].replace("absent(", "count(")}
    yield "another name", {**rule, "alert": "SomethingElse"}


def _ratio(rule: dict[str, Any]) -> Changes:
    for name, expr in _windows(rule["expr"]):
        yield f"over {name}", {**rule, "expr": expr}
    if rule["expr"].endswith("> 0)"):
        yield "no guard", {**rule, "expr": rule["expr"].replace(" > 0)", ")")}
    yield "half", {**rule, "expr": f"({rule['expr']}) * 0.5"}


def _number(rule: dict[str, Any]) -> Changes:
    yield "a tenth more", {**rule, "expr": f"({rule['expr']}) * 1.1"}


def _windows(expr: str) -> Iterator[tuple[str, str]]:
    for name, change in (("three times as long", _thrice), ("a third of it", _third)):
        changed = RANGE.sub(change, expr)
        if changed != expr:
            yield name, changed


def _at(rule: dict[str, Any], found: re.Match[str], instead: str) -> dict[str, Any]:
    expr = rule["expr"]
    return {**rule, "expr": expr[: found.start()] + instead + expr[found.end() :]}


def _second(text: str) -> int:
    """Return where the second condition of a text of conditions begins, or its end."""
    found = list(JOIN.finditer(text))
    return found[1].start() if len(found) > 1 else len(text)


def _seconds(found: re.Match[str] | None) -> int:
    assert found
    return int(found[1]) * UNITS[found[2]]


def _thrice(found: re.Match[str]) -> str:
    return f"[{int(found[1]) * 3}{found[2]}]"


def _third(found: re.Match[str]) -> str:
    return f"[{max(60, _seconds(found) // 3 // 60 * 60)}s]"
