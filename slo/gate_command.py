"""The command that decides whether to ship."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slo.calendars import own_window
from slo.connection import connection_options
from slo.gate import decide
from slo.objectives import OBJECTIVES, choose
from slo.policy.decide import rule
from slo.policy.measure import measurements
from slo.policy.model import Change
from slo.policy.output import as_json, as_table
from slo.policy.read import read_policy
from slo.promql import duration
from slo.report import measure, result_document
from slo.tables import console, results_table

if TYPE_CHECKING:
    from slo.connection import Connection
    from slo.model import Slo
    from slo.report import SloResult


@click.command("gate")
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@connection_options()
@click.option(
    "--policy",
    "file",
    type=click.Path(path_type=Path),
    help="What may ship when: slo/policy.yaml, or another.",
)
@click.option(
    "--change",
    type=click.Choice([change.value for change in Change]),
    help="What is shipped; --policy decides by it.  [default: feature]",
)
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    help="Decide as of this moment, UTC, in place of now; the same data gives the same again.",
)
@click.option(
    "--period-days",
    type=click.IntRange(1, 366),
    help="Measure this many days in place of each SLO's own period.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
def gate_command(
    ids: tuple[str, ...],
    connection: Connection,
    file: Path | None,
    change: str | None,
    at: datetime | None,
    period_days: int | None,
    form: str,
) -> None:
    """Decide whether to ship: 0 allow, 1 block, 3 undecided. No data is never a pass.

    Without a policy, every promise must have been measured and kept, and its budget must be known
    not to burn fast enough to page. With one, the error budget that is left decides which changes
    ship: features while there is enough of it and it does not burn, a rollback always; and nothing
    that is not exempt ships in a freeze. Data that is stale, too little, too young, or from a part
    of the servers leaves it undecided, a rollback too: it ships by the word of whoever is on call.

    \b
    python -m slo gate --policy slo/policy.yaml --change feature \\
        --prometheus-url https://mimir.example/prometheus \\
        --bearer-token-file /run/secrets/mimir --header X-Scope-OrgID=petswipe

    Works the same with Prometheus, Thanos, Mimir and VictoriaMetrics. Reasons are on stderr, the
    heaviest first; --format json has them, too. slo/gate.md tells more.
    """  # noqa: D301  # click's mark of lines that stay lines
    slos = choose(ids)
    period = None if period_days is None else timedelta(days=period_days)
    moment = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    if file is None:
        if change is not None:
            raise click.UsageError("--change is for --policy: only a policy tells changes apart")
        _by_promises(slos, connection, moment, period, form)
    else:
        # Whole seconds, so that --at can name it.
        moment = moment.replace(microsecond=0)
        _by_policy(slos, connection, file, Change(change or Change.FEATURE), moment, period, form)


def _by_promises(
    slos: tuple[Slo, ...], connection: Connection, at: datetime, period: timedelta | None, form: str
) -> None:
    with connection.open() as prometheus:
        results = [
            result
            for slo in slos
            for result in measure([slo], own_window(slo, at, period), prometheus)
        ]
    _show(results, form)
    decision = decide(results)
    click.echo(f"gate: {decision.outcome.value}", err=True)
    for reason in decision.reasons:
        click.echo(f"  {reason}", err=True)
    raise SystemExit(decision.outcome.exit_code)


def _show(results: list[SloResult], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([result_document(result) for result in results], indent=2))
    else:
        console().print(results_table(results))


def _by_policy(
    slos: tuple[Slo, ...],
    connection: Connection,
    file: Path,
    change: Change,
    at: datetime,
    period: timedelta | None,
    form: str,
) -> None:
    policy = read_policy(file, [slo.id for slo in OBJECTIVES])
    history = max(policy.rules(slo.id).history_at_least for slo in slos)
    if period is not None and period < history:
        raise click.UsageError(
            f"--period-days {period.days} is less than the history of {duration(history)} that "
            f"{file} wants: all would be undecided"
        )
    with connection.open() as prometheus:
        found = measurements(slos, at, period, prometheus)
    ruling = rule(policy, change, at, found)
    if form == "json":
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        click.echo(as_json(ruling, str(file), digest), nl=False)
    else:
        console().print(as_table(ruling))
    click.echo(f"gate: {ruling.outcome.value} ({change.value})", err=True)
    for reason in ruling.reasons:
        click.echo(f"  {reason}", err=True)
    raise SystemExit(ruling.outcome.exit_code)
