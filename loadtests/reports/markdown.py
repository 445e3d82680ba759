"""The report as Markdown, for the summary of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.reports.rows import ORDER, checks, number, summary
from slo.tables import count, share

if TYPE_CHECKING:
    from loadtests.result import RunResult


def markdown_report(result: RunResult) -> str:
    """Write the verdict, the objectives worst first, the checks, and the queries."""
    decision = result.decision
    lines = [f"# {result.plan.title}: {decision.outcome.value}", "", summary(result), ""]
    lines += [f"- {_cell(reason)}" for reason in decision.reasons]
    lines += [""] if decision.reasons else []
    slos = sorted(result.slos, key=lambda slo: ORDER.index(slo.verdict))
    lines += _table(
        ("SLO", "objective", "measured", "events", "bad", "budget burned", "verdict"),
        [
            (
                r.slo.id,
                r.limit,
                r.measured,
                count(r.total),
                count(r.bad),
                share(r.budget_burned),
                r.verdict.value,
            )
            for r in slos
        ],
    )
    lines += _table(
        ("operation", "requests", "failures", "p50 ms", "p95 ms", "p99 ms"),
        [
            (
                operation.name,
                number(operation.requests),
                number(operation.failures),
                *(number(m, 1000, 1) for m in operation.quantiles.values()),
            )
            for operation in result.served
        ],
    )
    lines += _table(
        ("check", "", "detail"),
        [(c.name, "ok" if c.passed else "**failed**", c.detail) for c in checks(result)],
    )
    lines += _queries(result)
    return "\n".join(lines).rstrip() + "\n"


def _queries(result: RunResult) -> list[str]:
    queries = {f"{r.slo.id} {k}": q for r in result.slos for k, q in r.queries.items()}
    if not queries:
        return []
    lines = ["<details><summary>Queries that give the numbers again</summary>", ""]
    for name, query in queries.items():
        lines += [f"{name}:", "```promql", query, "```"]
    return [*lines, "</details>", ""]


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    lines = [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows), ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
