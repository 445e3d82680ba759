"""A walk in lines: for people, or as JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from slo.canary.decide import percent

if TYPE_CHECKING:
    from slo.canary.compare import Check
    from slo.canary.counts import Counted
    from slo.canary.decide import Decision, Look
    from slo.canary.plan import Plan
    from slo.canary.shift import Message
    from slo.canary.state import State
    from slo.statistics.intervals import Interval


@dataclass(frozen=True, slots=True)
class People:
    """One line a look and one a shift."""

    plan: Plan

    def looked(self, state: State, seen: Look, decision: Decision) -> None:
        """Tell of one look: step, weight, seconds, events, ratios with intervals, decision."""
        steps, weight = len(self.plan.weights), self.plan.weights[state.step]
        say(
            f"{state.step + 1}/{steps} {weight:>3} % "
            f"{state.spent:>4.0f}/{self.plan.seconds:.0f} s  {look_line(seen, decision)}"
        )

    def shifted(self, message: Message) -> None:
        """Tell that traffic was shifted, and why."""
        say(
            f"{message.step}/{message.steps} {message.decision}: {message.from_weight} % → "
            f"{message.to_weight} % ({'; '.join(message.reasons)})"
        )

    def ended(self, outcome: str, weight: int, why: str) -> None:
        """Tell how the walk has ended."""
        say(f"canary: {outcome} at {weight} %" + (f": {why}" if why else ""))


@dataclass(frozen=True, slots=True)
class Programs:
    """One JSON document a line; `event` is look, shift or end."""

    plan: Plan

    def looked(self, state: State, seen: Look, decision: Decision) -> None:
        """Write one look."""
        head = {
            "step": state.step + 1,
            "steps": len(self.plan.weights),
            "weight": self.plan.weights[state.step],
            "spent_seconds": round(state.spent, 3),
        }
        say_document("look", head | look_document(seen, decision))

    def shifted(self, message: Message) -> None:
        """Write one shift of traffic."""
        say_document("shift", asdict(message))

    def ended(self, outcome: str, weight: int, why: str) -> None:
        """Write how the walk has ended."""
        say_document("end", {"outcome": outcome, "weight": weight, "why": why})


def look_line(seen: Look, decision: Decision) -> str:
    """Write what was seen and decided in one line."""
    checks = "".join(f"; {c.question} {_brief(c.usual)}" for c in decision.checks)
    return (
        f"canary {_events(seen.canary)} stable {_events(seen.stable)} events{checks} → "
        f"{decision.action}: {'; '.join(decision.reasons)}"
    )


def look_document(seen: Look, decision: Decision) -> dict[str, object]:
    """Turn what was seen and decided into JSON; None where nothing is known."""
    return {
        "canary": asdict(seen.canary) if seen.canary else None,
        "stable": asdict(seen.stable) if seen.stable else None,
        "checks": [_check(check) for check in decision.checks],
        "decision": decision.action.value,
        "reasons": list(decision.reasons),
    }


def say(line: str) -> None:
    """Write a line; a roll-back must not fail because nobody reads any more."""
    try:
        click.echo(line)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_document(event: str, document: dict[str, object]) -> None:
    """Write a document in a line, with the moment of writing."""
    head = {"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    say(json.dumps(head | document, ensure_ascii=False))


def _events(counted: Counted | None) -> str:
    return f"{counted.total:,.0f}" if counted else "–"


def _brief(interval: Interval) -> str:
    if interval.value is None:
        return "–"
    return f"{percent(interval.value)} [{interval.low * 100:.2f}, {interval.high * 100:.2f}]"


def _check(check: Check) -> dict[str, object]:
    return {
        "question": check.question,
        "value": check.usual.value,
        "low": check.usual.low,
        "high": check.usual.high,
        "sure_low": check.sure.low,
        "limit": check.limit,
        "finding": check.finding.value,
    }
