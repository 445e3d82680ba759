"""What numbers depend on beside the machine and the code: the load, the rules, the settings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from loadtests.errors import MisuseError
from loadtests.plan import plan_document
from loadtests.rules.limits import Relative
from loadtests.rules.measures import Errors, Measure, OfSlo, Quantile, Query, Rate, Under
from loadtests.rules.read import RUN
from slo.indicators import LatencySli, RatioSli

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.baseline.model import Facts, Key
    from loadtests.plan import LoadPlan
    from loadtests.rules.model import Rule
    from slo.model import Slo

# A baseline is committed or copied; what opens doors stays out of it.
SECRET = re.compile(r"password|secret|key|token|_url$|dsn", re.IGNORECASE)


def keys_of(rules: Sequence[Rule]) -> tuple[Key, ...]:
    """Return every rule's id with every step that it is judged over, or `run`."""
    return tuple((rule.id, over) for rule in rules for over in rule.steps or (RUN,))


def configuration(
    plan: LoadPlan, processes: int, rules: Sequence[Rule], settings: Mapping[str, str]
) -> Facts:
    """Name all that a comparison needs the same: of rules what those with a baseline measure.

    A limit may change without a new baseline. `settings` are those of the service that make it
    faster or slower, like pool_size; raises MisuseError for one that looks like a secret.
    """
    for name in settings:
        if SECRET.search(name):
            raise MisuseError(f"{name} looks like a secret, and a baseline is no place for one")
    document = plan_document(plan)
    return {
        "processes": str(processes),
        **{name: _written(value) for name, value in document.items()},
        **{
            f"rule {rule.id}": f"{measured(rule.measure)} over {', '.join(rule.steps) or RUN}"
            for rule in rules
            if isinstance(rule.limit, Relative)
        },
        **{f"setting {name}": value for name, value in settings.items()},
    }


def read_settings(given: Sequence[str]) -> dict[str, str]:
    """Read settings written NAME=VALUE; raises MisuseError for another form, or one given twice."""
    read: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise MisuseError(f"{one!r} is no setting; NAME=VALUE")
        if name in read:
            raise MisuseError(f"the setting {name} is given twice; keep one")
        read[name] = value
    return read


def measured(measure: Measure) -> str:
    """Say in one line what is measured; another line is another measure."""
    match measure:
        case Under(operation, threshold):
            return f"fraction of {operation} under {threshold}"
        case Quantile(operation, share):
            return f"quantile {share} of {operation}"
        case Errors(operation):
            return f"errors of {operation}"
        case Rate(operation):
            return f"rate of {operation}"
        case OfSlo(slo):
            return f"SLO {slo.id}: {_counted(slo)}"
        case Query(expression, unit):
            return f"query in {unit.value}: {' '.join(expression.split())}"


def _counted(slo: Slo) -> str:
    """Name the series only: labels that a metric gets later change nothing that is counted."""
    match slo.sli:
        case RatioSli(bad_events=bad, total=total):
            return f"{bad} of {total}"
        case LatencySli(good_events=good, total=total):
            return f"{good} of {total}"
        case sli:
            return repr(sli)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
