"""The command line of the rules: build, check, test, export."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from alerts.artifacts import GENERATED, write
from alerts.checks.registry import listing, run
from alerts.cloudwatch_command import cloudwatch
from alerts.components.registry import WATCHES
from alerts.reading.loaded import load
from alerts.reading.told import CONFIG, UNREADABLE
from alerts.rehearsal.play import play
from alerts.rehearsal.progress import Progress
from alerts.rehearsal.promtool import Outcome, PromtoolError, find_promtool
from alerts.rehearsal.table import result_lines
from alerts.rehearsal.watch_play import play_watches
from alerts.rule_files import (
    FORMATS,
    RuleFileError,
    prometheus_rule_files,
    render_all,
    rule_files,
    write_rule_files,
)
from alerts.trace import table, trace
from alerts.words import PageLinks
from slo.conventions import ID, identity
from slo.objectives import UnknownSloError, choose
from slo.specs.locate import SpecError
from slo.specs.read import read_specs

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rehearsal.promtool import Result
    from slo.model import Slo

FINDING = 1
MISUSE = 2
NEAR_NAMES = 3
FOLDER = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=GENERATED,
    show_default="alerts/generated",
    help="Folder of the generated files.",
)
SPEC = click.option(
    "--spec",
    "specs",
    multiple=True,
    metavar="FILE",
    help="Take the SLOs of this spec (OpenSLO v1, Sloth) in place of PetSwipe's own.",
)


def main() -> None:
    """Run a command; misuse is one sentence, or one a problem of a spec, and 2."""
    try:
        cli(prog_name="python -m alerts")
    except SpecError as error:
        _fail(str(error))
    except (UnknownSloError, RuleFileError, PromtoolError) as error:
        _fail(f"Error: {error}")


def _fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(MISUSE)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Generate rules, alerts and the configuration of Prometheus from the objectives.

    Exit codes: 0 fine, 1 a check or a test found something, 2 misuse.
    """


def linked(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that writes alerts with links."""
    options: list[Callable[[Any], Any]] = [
        click.option("--runbooks", default="", metavar="URL", help="Ends in {alert}, or has it."),
        click.option(
            "--dashboards",
            default="",
            metavar="URL",
            help="Ends in {sloth_id}, or has it or {slo}.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@FOLDER
@SPEC
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write one rule file for each SLO of the specs.",
)
@linked
def build(
    folder: Path, specs: tuple[str, ...], out: Path | None, runbooks: str, dashboards: str
) -> None:
    """Write the generated files; says which have changed.

    With --spec and --out those of any team's SLOs, all or none of them.
    """
    if bool(specs) != (out is not None):
        raise click.UsageError("--spec and --out belong together")
    if out is None:
        if runbooks or dashboards:
            raise click.UsageError("links are for --spec")
        for name in write(folder):
            click.echo(f"changed {folder / name}")
        return
    files = rule_files(render_all(read_specs(specs), PageLinks(runbooks, dashboards)))
    for name in write_rule_files(out, files):
        click.echo(f"changed {out / name}")


@cli.command()
@FOLDER
@click.option("--fix", is_flag=True, help="Write generated files that have drifted, then check.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.option("--list", "listed", is_flag=True, help="Print every check and what it asks for.")
def check(folder: Path, fix: bool, as_json: bool, listed: bool) -> None:
    """Check rules, configuration and workflows; prints one line a problem and exits 1 then."""
    if listed:
        if fix or as_json:
            raise click.UsageError("--list goes alone")
        for name, holds in listing():
            click.echo(f"{name:<24} {holds}")
        return
    for name in write(folder) if fix else ():
        click.echo(f"changed {folder / name}", err=True)
    problems = [problem.seen_from(Path.cwd()) for problem in run(folder)]
    if as_json:
        click.echo(json.dumps([problem.document() for problem in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
    checks = sum(1 for _ in listing())
    click.echo(f"{checks} checks, {len(problems)} problems", err=True)
    raise SystemExit(FINDING if problems else 0)


@cli.command()
@click.argument("ids", nargs=-1, metavar="[SLO|ALERT]...")
@SPEC
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave the rules and promtool's test files here.",
)
@click.option("--promtool", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show what has passed, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
def test(
    ids: tuple[str, ...],
    specs: tuple[str, ...],
    keep: Path | None,
    promtool: Path | None,
    everything: bool,
    form: str,
) -> None:
    """Rehearse every alert with promtool: burns, outages, little traffic, none, and no data.

    Alerts on thresholds are played past and just short of theirs, to their end, and without data.
    Exits 1 when an alert does not do what it is declared for. What cannot be simulated is
    listed with the reason, and fails nothing.
    """
    progress = Progress(Console(stderr=True))
    try:
        results = _rehearse(ids, specs, find_promtool(promtool), keep, progress)
    finally:
        progress.close()
    if form == "json":
        click.echo(json.dumps([result.document() for result in results], indent=2))
    else:
        click.echo("\n".join(result_lines(results, everything=everything)))
    failed = any(result.outcome is Outcome.FAILED for result in results)
    raise SystemExit(FINDING if failed else 0)


@cli.command("trace")
@FOLDER
@click.argument("alerts", nargs=-1, metavar="[ALERT]...")
@click.option("--json", "as_json", is_flag=True, help="For machines, in place of a table.")
def show_trace(folder: Path, alerts: tuple[str, ...], as_json: bool) -> None:
    """Follow alerts from metric to reader: rules, receivers, runbook, panel, rehearsals.

    Exits 1 when one has a hole on the way. The whole table is kept as TRACE.md beside the rules.
    """
    try:
        found = trace(load(folder))
    except UNREADABLE as error:
        raise click.UsageError(f"{folder / CONFIG} cannot be read: {error}") from None
    names = [one.alert for one in found]
    for unknown in [wanted for wanted in alerts if wanted not in names]:
        near = ", ".join(get_close_matches(unknown, names, n=NEAR_NAMES, cutoff=0))
        raise click.UsageError(f"there is no alert {unknown!r}; near it: {near or 'none at all'}")
    chosen = [one for one in found if not alerts or one.alert in alerts]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in chosen], indent=2))
    else:
        click.echo(table(chosen), nl=False)
    holes = [hole for one in chosen for hole in one.holes()]
    for hole in holes:
        click.echo(hole, err=True)
    raise SystemExit(FINDING if holes else 0)


@cli.command()
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@SPEC
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@click.option("--label", "pairs", multiple=True, metavar="NAME=VALUE", help="Of PrometheusRules.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each PrometheusRule to a file of this folder, in place of all to the terminal.",
)
@linked
def export(
    ids: tuple[str, ...],
    specs: tuple[str, ...],
    form: str,
    pairs: tuple[str, ...],
    out: Path | None,
    runbooks: str,
    dashboards: str,
) -> None:
    """Write rules for Prometheus or its operator on Kubernetes, or muting for Alertmanager.

    Specs (OpenSLO v1, Sloth) are written by `python -m slo export`.
    """
    if out is not None and form != "prometheusrule":
        raise click.UsageError(
            "--out is for --format prometheusrule; for Prometheus there is build"
        )
    if not all("=" in pair for pair in pairs):
        raise click.UsageError("a label is NAME=VALUE")
    labels = dict(pair.split("=", 1) for pair in pairs)
    rendered = render_all(_chosen(ids, specs), PageLinks(runbooks, dashboards))
    if out is None:
        click.echo(FORMATS[form](rendered, labels), nl=False)
        return
    for name in write_rule_files(out, prometheus_rule_files(rendered, labels)):
        click.echo(f"changed {out / name}")


cli.add_command(cloudwatch)


def _rehearse(
    ids: tuple[str, ...],
    specs: tuple[str, ...],
    promtool: Path,
    keep: Path | None,
    progress: Progress,
) -> list[Result]:
    """Rehearse the SLOs and the other alerts that are named, everything when none is."""
    watched = {} if specs else {watch.alert: watch for watch in WATCHES}
    slos = tuple(wanted for wanted in ids if wanted not in watched)
    watches = [watch for watch in watched.values() if not ids or watch.alert in ids]
    results = play(_chosen(slos, specs), promtool, keep, progress) if slos or not ids else []
    return results + play_watches(watches, promtool, keep, progress)


def _chosen(ids: tuple[str, ...], specs: tuple[str, ...]) -> tuple[Slo, ...]:
    if not specs:
        return choose(ids)
    found = read_specs(specs)
    known = {name: slo for slo in found for name in (slo.id, identity(slo)[ID])}
    if missing := [wanted for wanted in ids if wanted not in known]:
        raise UnknownSloError(f"there is no SLO {missing[0]!r}: one of {', '.join(known)}")
    return tuple(slo for slo in found if not ids or {slo.id, identity(slo)[ID]} & set(ids))


if __name__ == "__main__":
    main()
