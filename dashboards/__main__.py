"""`python -m dashboards`: write the dashboards, and check what is written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dashboards import drift
from dashboards.artifacts import GENERATED, write
from dashboards.checks import registry

FINDING = 1
FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=GENERATED,
    show_default="dashboards/generated",
    help="Folder of the generated files.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    r"""Generate Grafana's dashboards from the signals, alerts and objectives.

    A panel is declared in dashboards/boards/; its series, unit, words and thresholds are those of
    the signal in alerts/components/ that its alert compares. Grafana loads the JSON by
    provisioning and lets nobody edit it.

    Exit codes: 0 fine, 1 a check found something, 2 misuse.

    \b
    python -m dashboards build                   after each change of a board, signal or alert
    python -m dashboards build --folder out/new  to look at them elsewhere
    python -m dashboards check                   what CI asks
    """


@cli.command()
@FOLDER
def build(folder: Path) -> None:
    """Write what differs and remove what nothing declares; says which files have changed."""
    for name in write(folder):
        click.echo(f"changed {folder / name}")


@cli.command()
@FOLDER
@click.option("--fix", is_flag=True, help="Build first: what is edited or missing is mended.")
@click.option("--json", "as_json", is_flag=True, help="For machines, in place of lines.")
@click.option(
    "--list", "listed", is_flag=True, help="Say what each check holds, and check nothing."
)
def check(folder: Path, fix: bool, as_json: bool, listed: bool) -> None:
    """Check the dashboards; prints one line a problem and exits 1 then."""
    checks = [(drift.ID, (drift.__doc__ or "").partition(": ")[2]), *registry.listing()]
    if listed:
        if fix or as_json:
            raise click.UsageError("--list goes alone")
        for name, holds in checks:
            click.echo(f"{name:<46} {holds}")
        return
    for name in write(folder) if fix else ():
        click.echo(f"changed {folder / name}", err=True)
    found = [*drift.check(folder), *registry.run(folder)]
    problems = [problem.seen_from(Path.cwd()) for problem in found]
    if as_json:
        click.echo(json.dumps([problem.document() for problem in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
    click.echo(f"{len(checks)} checks, {len(problems)} problems", err=True)
    raise SystemExit(FINDING if problems else 0)


def main() -> None:
    """Run a command."""
    cli(prog_name="python -m dashboards")


if __name__ == "__main__":
    main()
