"""Made-up traffic as promtool writes series: phases of a service, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NONE, ONE = Fraction(0), Fraction(1)
# Enough that rates are exact and that no least number of events matters.
BUSY = Fraction(1_000_000)


@dataclass(frozen=True, slots=True)
class Phase:
    """Minutes in which a service counts good and bad events, every so many minutes so many.

    `gone` is for a service that nobody can scrape.
    """

    minutes: int
    good: Fraction = NONE
    bad: Fraction = NONE
    every: int = 1
    gone: bool = False


def busy(minutes: int, share: Fraction = NONE) -> Phase:
    """Serve many events, a share of them bad."""
    return Phase(minutes, BUSY * (1 - share), BUSY * share)


def counter(phases: Sequence[Phase], pick: Callable[[Phase], Fraction]) -> str:
    """Write a counter from minute 0 on, which grows by what is picked of each phase."""
    value, parts = NONE, ["0"]
    for phase in phases:
        grows = pick(phase)
        if not phase.minutes:
            continue
        if phase.gone:
            parts.append(f"_x{phase.minutes}")
        elif phase.every == 1:
            parts.append(_run(value + grows, grows, phase.minutes))
            value += grows * phase.minutes
        else:
            for minute in range(1, phase.minutes + 1):
                value += grows if minute % phase.every == 0 else NONE
                parts.append(_number(value))
    return " ".join(parts)


def gauge(phases: Sequence[Phase], pick: Callable[[Phase, int], int]) -> str:
    """Write a gauge that has in each minute of a phase the value that is picked for it."""
    parts = ["_"]
    for phase in phases:
        if phase.gone:
            parts.append(f"_x{phase.minutes}")
        elif phase.every == 1:
            parts.append(_run(Fraction(pick(phase, 1)), NONE, phase.minutes))
        else:
            parts += [str(pick(phase, minute)) for minute in range(1, phase.minutes + 1)]
    return " ".join(parts)


def _run(first: Fraction, step: Fraction, length: int) -> str:
    return f"{_number(first)}+{_number(step)}x{length - 1}"


def _number(value: Fraction) -> str:
    """Write a number without an exponent, which promtool would read as an operator."""
    return str(value) if value.denominator == 1 else f"{float(value):.9f}"
