"""The run as an annotation in Grafana, to be seen in every dashboard that asks for its tags."""

from __future__ import annotations

import html
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import httpx

from loadtests.reports.rows import summary
from loadtests.reports.words import address, plain
from slo.addresses import wrong_address
from slo.bodies import read_body
from slo.credentials import CredentialsError, bearer

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from loadtests.result import RunResult

TIMEOUT_SECONDS = 10.0
MOST_REASONS = 10
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Grafana:
    """Where a Grafana is, and the file that holds the token of a service account."""

    url: str
    token_file: Path | None = None
    timeout: float = TIMEOUT_SECONDS


def annotate(grafana: Grafana, result: RunResult) -> str:
    """Post the run, from its start to its end; returns why it is not there, empty when it is.

    https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
    """
    if problem := wrong_address(grafana.url, secret=grafana.token_file is not None):
        return f"Grafana was told nothing: {problem}"
    try:
        headers = {} if grafana.token_file is None else _authorization(grafana.token_file)
        problem = _refusal(_post(grafana, _document(result), headers))
    except (CredentialsError, httpx.HTTPError) as error:
        problem = plain(str(error) or type(error).__name__)
    return f"Grafana at {address(grafana.url)} was told nothing: {problem}" if problem else ""


def _post(grafana: Grafana, document: dict[str, object], headers: dict[str, str]) -> httpx.Response:
    """Post, and read the answer in the time for it: nothing else ends a run that waits here."""
    latest = monotonic() + grafana.timeout
    url = f"{grafana.url.rstrip('/')}/api/annotations"
    with (
        httpx.Client(timeout=grafana.timeout, trust_env=False) as client,
        client.stream("POST", url, json=document, headers=headers) as answer,
    ):
        body = read_body(answer, MOST_BYTES, latest)
    return httpx.Response(answer.status_code, content=body)


def _authorization(token_file: Path) -> dict[str, str]:
    return {"Authorization": bearer(token_file)}


def _document(result: RunResult) -> dict[str, object]:
    outcome, scenario = result.decision.outcome.value, result.plan.load.plan.scenario
    return {
        "time": _milliseconds(result.plan.started),
        "timeEnd": _milliseconds(result.ended),
        "tags": ["petswipe", "load-test", plain(scenario), outcome],
        "text": _text(result),
    }


def _text(result: RunResult) -> str:
    """Say what was decided and why; Grafana reads it as HTML."""
    decision = result.decision
    lines = [f"{result.plan.title}: {decision.outcome.value}", summary(result)]
    lines += decision.reasons[:MOST_REASONS]
    if (more := len(decision.reasons) - MOST_REASONS) > 0:
        lines.append(f"and {more} more")
    return "<br>".join(html.escape(plain(line)) for line in lines)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _refusal(answer: httpx.Response) -> str:
    """Say why an answer is none of a Grafana that has stored it; a page of a proxy is a 200 too."""
    if not answer.is_success:
        return f"it answers with {answer.status_code}: {plain(answer.text)[:200]}".rstrip(": ")
    try:
        stored = "id" in answer.json()
    except (ValueError, TypeError):
        stored = False
    return "" if stored else "what answers there is no Grafana"
