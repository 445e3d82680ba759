"""The file of gate rules: read and checked whole, before any load is sent.

    version: 1
    rules:
      - id: swipe-p95
        reason: An adopter notices a swipe that is slower.
        over: run                       # or  over: {steps: [peak]}, each judged alone
        measure: {kind: quantile, operation: POST /api/swipes, quantile: 0.95}
        limit:
          at_most: {warn: 120 ms, fail: 150 ms}

| kind     | fields                    | limit in | worse  |
|----------|---------------------------|----------|--------|
| fraction | operation, under          | %        | lower  |
| quantile | operation, quantile       | ms, s    | higher |
| errors   | operation                 | %        | higher |
| rate     | operation                 | /s       | lower  |
| slo      | slo                       | %        | lower  |
| query    | query, unit, shape, worse | its unit | told   |

An operation is one that the plan calls, or `all`. Limits: `at_most`, `at_least`, `baseline` (with
`tolerance` and `floor`, both to be passed) or `budget` of an SLO; each with `fail`, and `warn` if
wanted. `fail: objective` is the objective of the SLO.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yaml import MappingNode, ScalarNode

from loadtests.errors import MisuseError
from loadtests.rules.model import Rule, refuse_id, refuse_reason
from loadtests.rules.read_limits import read_limit
from loadtests.rules.read_measures import read_measure
from loadtests.rules.units import RuleError
from slo.specs.documents import read_documents
from slo.specs.locate import Findings, Problem, SpecError, meant, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo.specs.locate import Place

VERSION = "1"
RUN = "run"


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan of a run has: the names of its steps, and the operations that it calls."""

    steps: tuple[str, ...]
    operations: tuple[str, ...]


class RulesError(MisuseError):
    """A file of rules cannot be used; `problems` holds every reason, in the order of lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Write one problem a line."""
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def read_rules(file: str | Path, planned: Planned) -> tuple[Rule, ...]:
    """Return the rules of a file, at least one; raises RulesError with every problem of it."""
    findings = Findings()
    try:
        rules = _document(Path(file), findings, planned)
    except SpecError as error:
        raise RulesError(error.problems) from None
    if findings.problems or not rules:
        raise RulesError(findings.problems)
    return tuple(rules)


def _document(file: Path, findings: Findings, planned: Planned) -> list[Rule]:
    documents = read_documents(file, findings, "version and rules")
    if not documents:
        return []
    if len(documents) > 1:
        documents[1].wrong("only one document is read, with version and rules; take the others out")
    given = documents[0].fields("", "version rules")
    if "version" in given:
        given["version"].choice((VERSION,))
    if "rules" not in given:
        return []
    places = given["rules"].items()
    if not places:
        given["rules"].wrong("there are no rules; a gate without any would let everything pass")
    _refuse_twins(places)
    return [rule for place in places if (rule := _rule(place, planned)) is not None]


def _refuse_twins(places: Sequence[Place]) -> None:
    seen: dict[str, Place] = {}
    for place in places:
        name = place.mapping().get("id") if isinstance(place.node, MappingNode) else None
        if name is None:
            continue
        word = str(name.node.value)
        if word in seen:
            name.wrong(f"the id {shown(word)} is also in line {seen[word].line}; rename one")
        seen.setdefault(word, name)


def _rule(place: Place, planned: Planned) -> Rule | None:
    given = place.fields("", "id reason over measure limit")
    name = _word(given, "id", refuse_id)
    reason = _word(given, "reason", refuse_reason)
    steps = _steps(given["over"], planned.steps) if "over" in given else None
    measure = read_measure(given["measure"], planned.operations) if "measure" in given else None
    limit = read_limit(given["limit"], measure) if "limit" in given else None
    if name is None or reason is None or steps is None or measure is None or limit is None:
        return None
    return Rule(name, reason, steps, measure, limit, place.file, place.line)


def _word(given: dict[str, Place], field: str, refuse: Callable[[str], None]) -> str | None:
    if field not in given or (text := given[field].text()) is None:
        return None
    try:
        refuse(text)
    except RuleError as error:
        given[field].wrong(str(error))
        return None
    return text.strip()


def _steps(place: Place, planned: Sequence[str]) -> tuple[str, ...] | None:
    if isinstance(place.node, ScalarNode):
        if place.node.value == RUN:
            return ()
        place.wrong(f"{place.kind} is neither {RUN} nor {{steps: [...]}}")
        return None
    given = place.fields("", "steps")
    places = given["steps"].items() if "steps" in given else []
    if "steps" in given and not places:
        given["steps"].wrong(f"no step is named; {meant('', planned)}, or over: {RUN}")
    names = [name for step in places if (name := _step(step, planned)) is not None]
    for number, name in enumerate(names):
        if name in names[:number]:
            place.wrong(f"the step {name} is named twice; keep one")
    return tuple(dict.fromkeys(names)) or None


def _step(place: Place, planned: Sequence[str]) -> str | None:
    name = place.text()
    if name is None or name in planned:
        return name
    place.wrong(f"the plan has no step {shown(name)}; {meant(name, planned)}")
    return None
