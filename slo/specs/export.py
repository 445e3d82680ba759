"""Our model as a spec that other tools read.

Read back, a spec gives the same SLO, except that indicators over the catalogue come back as the
queries that they stand for, and that Sloth has no place for titles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from slo.conventions import ID, identity
from slo.specs.counted import Exact, ExportError, digits
from slo.specs.export_openslo import openslo_document
from slo.specs.export_sloth import sloth_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.model import Slo


class Dumper(yaml.SafeDumper):
    """Writes exact numbers, and texts of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT002  # PyYAML's own signature
        """Indent lists below their field, as the specs' own examples do."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _: Any) -> bool:  # noqa: ANN401  # PyYAML's own signature
        """Write out what occurs twice: a reader refuses aliases."""
        return True


def _number(dumper: Dumper, value: Exact) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", digits(value))


def _text(dumper: Dumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(Exact, _number)
Dumper.add_representer(str, _text)


def as_openslo(slos: Sequence[Slo]) -> str:
    """Return the SLOs as OpenSLO v1; raises ExportError for one that it cannot say."""
    services: dict[str, str] = {}
    for slo in slos:
        if services.setdefault(slo.id, slo.service) != slo.service:
            raise ExportError(
                f"{slo.id}: {services[slo.id]} and {slo.service} have one, and OpenSLO tells SLOs "
                f"apart by name; write them one at a time, like {identity(slo)[ID]}"
            )
    return _documents([openslo_document(slo) for slo in slos])


def as_sloth(slos: Sequence[Slo]) -> str:
    """Return the SLOs as Sloth's prometheus/v1; raises ExportError for one that it cannot say."""
    return _documents(sloth_documents(slos))


# Every format by the name that the command line gives it.
FORMATS = {"openslo": as_openslo, "sloth": as_sloth}


def _documents(documents: list[dict[str, Any]]) -> str:
    return "---\n".join(
        yaml.dump(each, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)
        for each in documents
    )
