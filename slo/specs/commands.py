"""The commands that read specs and write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from slo.conventions import ID, identity
from slo.objectives import UnknownSloError, choose
from slo.specs.describe import slo_document, specs_lines
from slo.specs.export import FORMATS
from slo.specs.read import read_all, read_specs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.model import Slo


# What another command writes.
RULES = ("prometheus", "prometheusrule", "alertmanager")


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


class Format(click.Choice[str]):
    """A format of specs; one of rules is told whose it is."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return a format that we write."""
        if value in RULES:
            self.fail(f"{value} is of rules: python -m alerts export --format {value}", param, ctx)
        return super().convert(value, param, ctx)


@click.command("export")
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option("--format", "form", type=Format(list(FORMATS)), required=True)
@click.option(
    "--spec",
    "files",
    multiple=True,
    metavar="FILE",
    help="Write the SLOs of these specs, in place of PetSwipe's own.",
)
def export_specs(ids: tuple[str, ...], form: str, files: tuple[str, ...]) -> None:
    """Write SLOs as specs that other tools read; all or nothing.

    Their rules, for Prometheus, its operator on Kubernetes (PrometheusRule) and Alertmanager, are
    written by `python -m alerts export`.
    """
    click.echo(FORMATS[form](chosen(files, ids)), nl=False)


def chosen(files: Sequence[str], ids: tuple[str, ...]) -> Sequence[Slo]:
    """Return the named SLOs of some specs, or without any of PetSwipe; no name means all."""
    return named(read_specs(files), ids) if files else choose(ids)


def named(slos: Sequence[Slo], ids: Sequence[str]) -> Sequence[Slo]:
    """Return the SLOs with these ids, all when none is given; raises UnknownSloError.

    Two services may have an SLO of the same id; with the service before it, there is one.
    """
    ids_there = [slo.id for slo in slos]
    known = [s.id if ids_there.count(s.id) == 1 else identity(s)[ID] for s in slos]
    for wanted in ids:
        if not any(wanted in _names(slo) for slo in slos):
            raise UnknownSloError(f"there is no SLO {wanted!r}: one of {', '.join(known)}")
    return [slo for slo in slos if not ids or _names(slo) & set(ids)]


def _names(slo: Slo) -> set[str]:
    return {slo.id, identity(slo)[ID]}
