"""The commands that read specs and write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from slo.objectives import UnknownSloError, choose
from slo.specs.describe import slo_document, specs_lines
from slo.specs.export import FORMATS
from slo.specs.read import read_all, read_specs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.model import Slo


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
def import_specs(files: tuple[str, ...], form: str) -> None:
    """Read specs (OpenSLO v1, Sloth) and show the SLOs in them.

    Every problem of every file is one line, FILE:LINE: FIELD: SENTENCE, and the exit code is 2.
    """
    reading = read_all(files)
    for note in reading.notes:
        click.echo(f"note: {note}", err=True)
    if form == "json":
        documents = [slo_document(slo) for slo in reading.slos]
        click.echo(json.dumps(documents, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(specs_lines(reading)))


@click.command("export")
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@click.option(
    "--spec",
    "files",
    multiple=True,
    metavar="FILE",
    help="Write the SLOs of these specs, in place of PetSwipe's own.",
)
def export_specs(ids: tuple[str, ...], form: str, files: tuple[str, ...]) -> None:
    """Write SLOs as specs that other tools read; all or nothing."""
    slos = _chosen(read_specs(files), ids) if files else choose(ids)
    click.echo(FORMATS[form](slos), nl=False)


def _chosen(slos: Sequence[Slo], ids: Sequence[str]) -> Sequence[Slo]:
    known = list(dict.fromkeys(slo.id for slo in slos))
    for wanted in ids:
        if wanted not in known:
            raise UnknownSloError(f"there is no SLO {wanted!r}: one of {', '.join(known)}")
    return [slo for slo in slos if slo.id in ids] if ids else slos
