"""The options of a walk, and what they make: the plan, and who shifts the traffic."""

from __future__ import annotations

import shlex
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slo.canary.plan import MINIMUM_EVENTS, WEIGHTS, Limits, Plan, PlanError
from slo.canary.population import Population, PopulationError, read_population
from slo.canary.shift import ShiftCommand
from slo.canary.webhook import Webhook, WebhookError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo.canary.shift import Shifter

MOST_SECRET_BYTES = 4_096
HALF_MINUTE = 30.0


class Weights(click.ParamType[tuple[int, ...]]):
    """Whole percentages like 5,10,25,50,100."""

    name = "percentages"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read them; whether they rise to 100 is for the plan to say."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of percentages like 5,10,25,50,100", param, ctx)


class _Finite(click.FloatRange):
    """A range that NaN is outside of, which compares with nothing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  # click's signature
        found = super().convert(value, param, ctx)
        return found if isfinite(found) else self.fail(f"{value} is no number", param, ctx)


def _seconds(name: str, default: float, words: str) -> Callable[[Any], Any]:
    kind = _Finite(0, 7 * 86_400, min_open=True)
    return click.option(name, type=kind, default=default, show_default=True, help=words)


def _percent(name: str, share: float, words: str) -> Callable[[Any], Any]:
    kind = _Finite(0, 100, min_open=True, max_open=True)
    return click.option(name, type=kind, default=share * 100, show_default=True, help=words)


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PLAN = (
    click.option("--canary", required=True, metavar="MATCHERS", help="Like 'version=\"2.0\"'."),
    click.option("--stable", required=True, metavar="MATCHERS", help="Like 'version=\"1.9\"'."),
    click.option(
        "--target-label",
        "labels",
        multiple=True,
        metavar="NAME",
        help="A label of targets that your scrape configuration adds, beside version.",
    ),
    click.option(
        "--weights",
        type=Weights(),
        default=",".join(map(str, WEIGHTS)),
        show_default=True,
        help="Per cent of the traffic, rising to 100.",
    ),
    _seconds("--seconds-a-step", 300.0, "At least so long at each step; --once looks back as far."),
    _seconds("--most-seconds-a-step", 900.0, "Held, exit 3, when nothing is decided until then."),
    _seconds("--look-every", HALF_MINUTE, "Seconds between looks; not below two scrapes."),
    click.option(
        "--minimum-events",
        "minimum",
        type=click.IntRange(1),
        default=MINIMUM_EVENTS,
        show_default=True,
        help="Of each version and step, before one is compared or promoted.",
    ),
    _percent("--most-errors", Limits().errors, "% of requests of the canary that may fail."),
    _percent("--most-slow", Limits().slow, "% of its answers that may take over --slow-seconds."),
    _seconds("--slow-seconds", Limits().slow_seconds, "A bucket edge; 1 and 1 % is p99 <= 1 s."),
    _percent("--more-errors", Limits().more_errors, "Percentage points above stable."),
    _percent("--more-late", Limits().more_late, "Percentage points above stable, of the late."),
    _seconds("--late-seconds", Limits().late_seconds, "A bucket edge; late is what takes longer."),
)
SHIFTER = (
    click.option("--webhook-url", help="POST decisions there; better from a file, it is a secret."),
    click.option("--webhook-url-file", type=FILE, help="A file that holds the address."),
    click.option(
        "--webhook-secret-file", type=FILE, help="Sign by HMAC-SHA256 with what this file holds."
    ),
    click.option(
        "--shift-command",
        metavar="COMMAND",
        help="In place of a webhook: run with the weight as last argument, and without a shell.",
    ),
    _seconds("--shift-timeout", 10.0, "Seconds that the webhook or the command may take."),
    click.option(
        "--shift-attempts",
        type=click.IntRange(1, 20),
        default=4,
        show_default=True,
        help="How often either is tried; three times as often for a roll-back.",
    ),
)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    """Add groups of options to a command, in their order."""

    def add(command: Any) -> Any:  # noqa: ANN401  # click's decorators take and return anything
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return add


def make_plan(given: dict[str, Any]) -> Plan:
    """Return the plan that the options describe; raises click.UsageError for what is none."""
    labels = given["labels"]
    try:
        limits = Limits(
            given["most_errors"] / 100,
            given["most_slow"] / 100,
            given["slow_seconds"],
            given["more_errors"] / 100,
            given["more_late"] / 100,
            given["late_seconds"],
        )
        return Plan(
            _population("--canary", given["canary"], labels),
            _population("--stable", given["stable"], labels),
            given["weights"],
            given["seconds_a_step"],
            given["most_seconds_a_step"],
            given["look_every"],
            given["minimum"],
            limits,
        )
    except PlanError as error:
        raise click.UsageError(str(error)) from None


def make_shifter(given: dict[str, Any]) -> Shifter:
    """Return the webhook or the command; raises click.UsageError unless one of them is given."""
    ways = [given["webhook_url"], given["webhook_url_file"], given["shift_command"]]
    if sum(way is not None for way in ways) != 1:
        raise click.UsageError(
            "give one of --webhook-url-file, --webhook-url and --shift-command: "
            "somebody has to shift the traffic"
        )
    if given["shift_command"] is not None:
        return _command(given)
    url = given["webhook_url"] or _secret(given["webhook_url_file"]).decode(errors="replace")
    file = given["webhook_secret_file"]
    try:
        return Webhook(url, given["shift_timeout"], _secret(file) if file else b"")
    except WebhookError as error:
        raise click.UsageError(str(error)) from None


def _command(given: dict[str, Any]) -> ShiftCommand:
    if given["webhook_secret_file"] is not None:
        raise click.UsageError("--webhook-secret-file signs what is posted; a command gets no post")
    try:
        words = shlex.split(given["shift_command"])
    except ValueError as error:
        raise click.UsageError(f"--shift-command cannot be read: {error}") from None
    if not words:
        raise click.UsageError("--shift-command is empty")
    return ShiftCommand(tuple(words), given["shift_timeout"])


def _population(option: str, text: str, labels: tuple[str, ...]) -> Population:
    try:
        return read_population(text, labels)
    except PopulationError as error:
        raise click.UsageError(f"{option}: {error}") from None


def _secret(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            found = stream.read(MOST_SECRET_BYTES + 1).strip()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None
    if not found or len(found) > MOST_SECRET_BYTES:
        raise click.UsageError(f"{file} is empty, or too long to be a secret")
    return found
