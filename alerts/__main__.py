"""The command line of the rules: build, check."""

from __future__ import annotations

from pathlib import Path

import click

from alerts.artifacts import GENERATED, write
from alerts.checks.registry import CHECKS, run

FINDING = 1
FOLDER = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=GENERATED,
    show_default="alerts/generated",
    help="Folder of the generated files.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Generate rules, alerts and the configuration of Prometheus from the objectives.

    Exit codes: 0 fine, 1 a check found something, 2 misuse.
    """


@cli.command()
@FOLDER
def build(folder: Path) -> None:
    """Write the generated files; says which have changed."""
    for name in write(folder):
        click.echo(f"changed {folder / name}")


@cli.command()
@FOLDER
def check(folder: Path) -> None:
    """Check the generated files; prints one line a problem and exits 1 when there is one."""
    problems = run(folder)
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{len(CHECKS)} checks, {len(problems)} problems", err=True)
    raise SystemExit(FINDING if problems else 0)


if __name__ == "__main__":
    cli(prog_name="python -m alerts")
