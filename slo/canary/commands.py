"""The command that walks a canary through the traffic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from slo.canary.counts import Since
from slo.canary.decide import Action, decide
from slo.canary.look import look
from slo.canary.options import PLAN, SHIFTER, make_plan, make_shifter, options
from slo.canary.output import People, Programs, look_document, look_line, say, say_document
from slo.canary.population import COUNT
from slo.canary.state import Phase, StateError, StateFile
from slo.canary.stop import StoppedError, stoppable
from slo.canary.walk import DONE, HeldError, Walk
from slo.connection import connection_options

if TYPE_CHECKING:
    from slo.canary.plan import Plan
    from slo.canary.shift import Shifter
    from slo.canary.state import State
    from slo.connection import Connection
    from slo.prometheus import Prometheus

HELD = 3
EXITS = {Action.PROMOTE: 0, Action.ROLL_BACK: 1, Action.HOLD: HELD}
STATE = Path("canary-state.json")
HELP = """Walk a canary through 5, 10, 25, 50 and 100 % of the traffic, or back to none.

Each step lasts --seconds-a-step. Every --look-every seconds the requests of both versions are
counted in Prometheus, exactly and since the step began, told apart by labels:

\b
  python -m slo canary --prometheus-url http://localhost:9090 \\
    --canary 'version="2.0"' --stable 'version="1.9"' --webhook-url-file hook.txt

\b
Roll back   the canary surely fails more than --most-errors, or p99 is above --slow-seconds: at
            once, whatever stable does. Or, from --minimum-events on, it surely fails or is late
            more than stable by over --more-errors or --more-late.
Promote     the step has lasted, there were enough events of both, and every limit is surely kept.
            At 100 % there is no stable to compare with.
Hold        all else: too few events, no series, NaN, Prometheus away, a process of the canary
            restarted or lost. Nothing is ever promoted without data. After --most-seconds-a-step
            the walk ends with exit 3, and the canary keeps the share that it has.

version is a label that your scrape configuration gives to targets: in static_configs or file_sd, or
relabelled from a label of pods. Of stable, processes may come and go. Counted are requests of the
API whatever their route; name http_route in the matchers for those of one.

Sure is meant for the whole walk: a canary that is no worse is rolled back in at most 1 of 20.
Latency is compared by the share of answers above the edge of a bucket.

Who shifts the traffic: the receiver of the webhook, or --shift-command. The body is JSON with id,
decision (promote, roll_back, hold), from_weight, to_weight, step, reasons; a command gets it as its
input. `id` is also the header Idempotency-Key: the same id twice is one shift, told again because
the walk was killed. X-Canary-Signature is sha256= and the HMAC of the body. Only an answer 2xx, or
exit 0, is a shift; without one a promotion is held, and a roll-back says so and exits 3.

SIGINT, SIGTERM and even SIGKILL leave --state behind: the same command goes on where it was. A step
that was held is measured anew. Only one walk at a time can use a state.

In a pipeline that shifts by itself, --once judges the last --seconds-a-step of both versions, up to
--at or now: it has no state, shifts nothing, and exits 0 to promote, 1 to roll back, 3 to hold.

Exit codes: 0 promoted to 100 %, 1 rolled back, 2 misuse, 3 held, stopped or undecided.
"""


@click.command("canary", help=HELP)
@connection_options()
@options(PLAN, SHIFTER)
@click.option(
    "--state",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where the walk is, to go on after it was killed.  [default: {STATE}]",
)
@click.option("--once", is_flag=True, help="Look once and exit.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="Moment of --once, UTC.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is one document a line.",
)
def canary_command(
    connection: Connection,
    path: Path | None,
    once: bool,
    at: datetime | None,
    form: str,
    **given: Any,  # noqa: ANN401  # the options of the plan, which make_plan reads
) -> None:
    """Walk, or look once; never returns."""
    plan = make_plan(given)
    with connection.open() as prometheus:
        if once:
            _refuse_of_walks(path, given)
            _once(plan, prometheus, at, form)
        if at is not None:
            raise click.UsageError("--at is for --once: a walk takes the time that it takes")
        _walk(plan, prometheus, make_shifter(given), given["shift_attempts"], path or STATE, form)


def _refuse_of_walks(path: Path | None, given: dict[str, Any]) -> None:
    ways = ("webhook_url", "webhook_url_file", "webhook_secret_file", "shift_command")
    if path is not None or any(given[way] is not None for way in ways):
        raise click.UsageError("--once has no state and shifts nothing: leave those options out")


def _once(plan: Plan, prometheus: Prometheus, at: datetime | None, form: str) -> None:
    end = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    # One look cannot be one of many, so it need not be as sure.
    plan = replace(plan, weights=(100,), look_every=plan.seconds, most_seconds=plan.seconds)
    since = Since(end - timedelta(seconds=plan.seconds), end)
    seen = look(plan, since, prometheus, compared=True)
    decision = decide(seen, plan, plan.seconds)
    if form == "json":
        say_document("look", look_document(seen, decision))
    else:
        say(look_line(seen, decision))
    raise SystemExit(EXITS[decision.action])


def _walk(
    plan: Plan, prometheus: Prometheus, shifter: Shifter, attempts: int, path: Path, form: str
) -> None:
    file = StateFile(path, plan)
    narrator = Programs(plan) if form == "json" else People(plan)
    try:
        with file.alone(), stoppable() as wait:
            walk = Walk(plan, prometheus, shifter, attempts, file, narrator, wait)
            state = file.read()
            if state is None:
                _check(plan, prometheus)
            elif state.phase not in DONE:
                _tell_resumed(walk, state)
            _end(walk, state, narrator)
    except StateError as error:
        raise click.UsageError(str(error)) from None


def _tell_resumed(walk: Walk, state: State) -> None:
    """Say on stderr where a walk goes on."""
    click.echo(
        f"going on with step {state.step + 1} after {state.spent:.1f} s, {state.phase.value}, "
        f"of the traffic {walk.share(state)}",
        err=True,
    )


def _check(plan: Plan, prometheus: Prometheus) -> None:
    """Raise PrometheusError before any traffic is shifted, rather than after."""
    prometheus.vector(f"count({plan.canary.select(COUNT)})")
    prometheus.number(f"count({plan.stable.select(COUNT)})")


def _end(walk: Walk, state: State | None, narrator: People | Programs) -> None:
    try:
        final = walk.run(state)
    except OSError as error:
        _leave(walk, f"the state cannot be written: {error}")
    except (HeldError, StoppedError) as error:
        left = walk.file.read()
        weight = walk.weight(left) if left else 0
        stopped = isinstance(error, StoppedError)
        narrator.ended("stopped" if stopped else "held", weight, str(error))
        share = walk.share(left) if left else "nothing"
        _leave(walk, f"{error}; of the traffic the canary keeps {share}")
    else:
        narrator.ended(final.phase.value, walk.weight(final), "; ".join(final.reasons))
        raise SystemExit(1 if final.phase is Phase.ROLLED_BACK else 0)


def _leave(walk: Walk, why: str) -> NoReturn:
    resume = f"Run the same command to go on, or remove {walk.file.path} to begin anew."
    click.echo(f"Error: {why}. {resume}", err=True)
    raise SystemExit(HELD)
