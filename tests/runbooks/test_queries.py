from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.telemetry import events
from app.telemetry.catalog import DISPATCH_JOB, JOB

PAGE = (Path(__file__).parents[2] / "runbooks/queries.md").read_text()
# What the requirement asks for, by a word of its heading.
ASKED = [
    "500s of the last hour",
    "slower than 1 s",
    "journey by request id",
    "Failed log-ins",
    "Errors by endpoint",
    "Requests by user",
]
BUILT_IN = {"@timestamp"}
NAME = r"[a-z_][a-z0-9_]*"
TEXT = r'"[^"\n]*"'
RAW = r"`[^`\n]*`"
COMPARED = rf"{NAME} ?(?:=|!=|=~|!~|>=?|<=?) ?(?:{TEXT}|\d+)"
SELECTOR = re.compile(rf"\{{service_name=~?({TEXT})\}}")
STAGES = [
    re.compile(rf"\|= ({RAW})"),
    re.compile(r"\| json"),
    re.compile(rf"\| {COMPARED}"),
    re.compile(rf"\| line_format ({RAW})"),
]
AGGREGATION = re.compile(
    rf"(?:topk\(\d+, )?sum by \(({NAME}(?:, {NAME})*)\) \(count_over_time\((.*) \[\d+[mh]\]\)\)\)?"
)
FIELD = rf"(?:@timestamp|{NAME})"
CONDITION = rf"{FIELD} (?:=|!=|>=?|<=?) (?:{TEXT}|\d+)"
COUNTED = rf"(?:count\(\*\)|(?:count_distinct|max|min|avg|sum)\({FIELD}\)) as ({NAME})"
COMMANDS = {
    "fields": rf"{FIELD}(?:, {FIELD})*",
    "filter": rf"{CONDITION}(?: and {CONDITION})*",
    "stats": rf"{COUNTED}(?:, {COUNTED})* by {FIELD}(?:, {FIELD})*",
    "sort": rf"{FIELD} (?:asc|desc)",
    "limit": r"\d+",
}
KEYWORDS = {"and", "as", "by", "asc", "desc", "count", "count_distinct", "max", "min", "avg", "sum"}


def queries(language: str) -> list[str]:
    return [found.strip() for found in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)]


def sections() -> dict[str, str]:
    parts = PAGE.split("\n## ")[1:]
    return dict(part.split("\n", 1) for part in parts)


def stages_of(pipeline: str) -> list[re.Match[str]]:
    """Split a LogQL pipeline into its stages; fails where none fits."""
    found: list[re.Match[str]] = []
    position = 0
    while position < len(pipeline):
        fits = [match for stage in STAGES if (match := stage.match(pipeline, position))]
        assert fits, f"no stage of LogQL: {pipeline[position:]}"
        found.append(max(fits, key=lambda match: match.end()))
        position = found[-1].end()
        assert pipeline[position : position + 1] in {"", " "}, f"no end: {pipeline[position:]}"
        position += 1
    return found


def logql_fields(query: str) -> set[str]:
    """Check a LogQL query and return the fields that it names."""
    fields: set[str] = set()
    if not query.startswith("{"):
        aggregation = AGGREGATION.fullmatch(query)
        assert aggregation, query
        assert query.count("(") == query.count(")")
        fields |= set(aggregation[1].split(", "))
        query = aggregation[2]
    selector = SELECTOR.match(query)
    assert selector, query
    assert any(re.fullmatch(selector[1].strip('"'), job) for job in (JOB, DISPATCH_JOB))
    stages = stages_of(query[selector.end() + 1 :])
    names = [stage.group() for stage in stages]
    assert "| json" in names
    for stage in stages:
        if stage.re is STAGES[2]:
            # A field is known only behind the stage that parses the line.
            assert names.index(stage.group()) > names.index("| json")
            fields.add(re.findall(NAME, stage.group())[0])
        elif stage.re is STAGES[3]:
            fields |= set(re.findall(r"\{\{\.(\w+)\}\}", stage.group()))
        elif stage.re is STAGES[0]:
            fields |= set(re.findall(rf'"({NAME})":', stage.group()))
    return fields


def insights_fields(query: str) -> set[str]:
    """Check a query of Logs Insights and return the fields that it names."""
    fields: set[str] = set()
    made: set[str] = set()
    for line in query.replace("\n| ", "\n").split("\n"):
        command, _, rest = line.partition(" ")
        assert re.fullmatch(COMMANDS[command], rest), line
        made |= set(re.findall(rf" as ({NAME})", rest))
        words = re.findall(FIELD, re.sub(TEXT, "", rest))
        fields |= {word for word in words if word not in KEYWORDS}
    return fields - made - BUILT_IN


@pytest.mark.parametrize("asked", ASKED)
def test_each_question_is_answered_for_both(asked: str) -> None:
    (body,) = (body for heading, body in sections().items() if asked in heading)
    assert "```logql\n" in body
    assert "```insights\n" in body


@pytest.mark.parametrize("query", queries("logql"))
def test_loki_queries_name_what_is_written(query: str) -> None:
    fields = logql_fields(query)
    assert fields
    assert fields <= events.FIELDS
    check_event(fields, re.findall(r'"event":"(\w+)"', query))


@pytest.mark.parametrize("query", queries("insights"))
def test_insights_queries_name_what_is_written(query: str) -> None:
    fields = insights_fields(query)
    assert fields
    assert fields <= events.FIELDS
    check_event(fields, re.findall(r'event = "(\w+)"', query))


def check_event(fields: set[str], named: list[str]) -> None:
    """A query for one event names only the fields that its lines have."""
    for event in named:
        assert event in events.EVENTS
        known = {*events.HEAD, *events.IDS, *events.FAILURE, *events.FIELDS_OF[event]}
        assert fields <= known


@pytest.mark.parametrize(
    "wrong",
    [
        '{service_name="petswipe-api"} |= `x` | jsonn',
        '{service_name="petswipe-api"} | status >= 500 | json',
        '{service_name="another"} | json',
        'sum by (route) (count_over_time({service_name="petswipe-api"} | json [5m])',
    ],
)
def test_a_query_that_loki_would_refuse_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError):
        logql_fields(wrong)


@pytest.mark.parametrize(
    "wrong", ["filter status => 500", "stats count(*) as x", "sort status down"]
)
def test_a_query_that_insights_would_refuse_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError):
        insights_fields(wrong)


def test_every_fence_of_the_page_is_a_query() -> None:
    opened = re.findall(r"^```(\w+)$", PAGE, re.MULTILINE)
    assert set(opened) == {"logql", "insights"}
    assert len(opened) == len(queries("logql")) + len(queries("insights"))
