"""Specs of any team, from files: OpenSLO v1 and both forms of Sloth's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slo.conventions import ID, identity
from slo.specs.documents import read_documents
from slo.specs.locate import Findings, SpecError, meant, shown
from slo.specs.openslo import read_openslo
from slo.specs.openslo_objects import VERSION as OPENSLO
from slo.specs.sloth import KUBERNETES, read_sloth, read_sloth_kubernetes
from slo.specs.sloth import VERSION as SLOTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slo.model import Slo
    from slo.specs.locate import Place, Problem

SLOTHS = {SLOTH: read_sloth, KUBERNETES: read_sloth_kubernetes}


@dataclass(frozen=True, slots=True)
class Reading:
    """What some files say, where each SLO stands, and what was read but is not used."""

    slos: tuple[Slo, ...]
    places: tuple[str, ...]
    notes: tuple[Problem, ...]


def read_specs(paths: Iterable[str | Path]) -> tuple[Slo, ...]:
    """Return the SLOs of all files; raises SpecError with every problem of every file."""
    return read_all(paths).slos


def read_all(paths: Iterable[str | Path]) -> Reading:
    """Return the SLOs of all files with their places; raises SpecError like `read_specs`.

    References reach across files, and no two SLOs may have the same id in the same service.
    """
    reading, problems = read_what_can_be(paths)
    if problems:
        raise SpecError(problems)
    return reading


def read_what_can_be(paths: Iterable[str | Path]) -> tuple[Reading, tuple[Problem, ...]]:
    """Return the SLOs that can be made of all files, and what is wrong with the others."""
    findings = Findings()
    documents = [d for path in dict.fromkeys(paths) for d in read_documents(Path(path), findings)]
    found = _read(documents)
    _refuse_twins(found)
    reading = Reading(
        tuple(slo for _, slo in found),
        tuple(f"{place.file}:{place.line}" for place, _ in found),
        tuple(sorted(set(findings.notes))),
    )
    return reading, tuple(sorted(set(findings.problems)))


def _read(documents: Sequence[Place]) -> list[tuple[Place, Slo]]:
    openslo: list[Place] = []
    found: list[tuple[Place, Slo]] = []
    for place in documents:
        version = _version(place)
        if version == OPENSLO:
            openslo.append(place)
        elif version is not None:
            found += SLOTHS[version](place)
    found += read_openslo(openslo)
    files = {place.file: number for number, place in enumerate(documents)}
    return sorted(found, key=lambda pair: (files[pair[0].file], pair[0].line))


def _version(place: Place) -> str | None:
    """Return which spec a document follows; None, and a problem, for none of ours."""
    given = place.mapping()
    field = next((name for name in ("apiVersion", "version") if name in given), None)
    if field is None:
        place.wrong(
            f"apiVersion is missing; {OPENSLO}, {KUBERNETES}, or version: {SLOTH} for Sloth"
        )
        return None
    options = (OPENSLO, KUBERNETES) if field == "apiVersion" else (SLOTH,)
    version = given[field].text()
    if version is not None and version not in options:
        given[field].wrong(f"{shown(version)} is not read; {meant(version, options)}")
    return version if version in options else None


def _refuse_twins(found: Sequence[tuple[Place, Slo]]) -> None:
    seen: dict[str, Place] = {}
    for place, slo in found:
        name = identity(slo)[ID]
        if name in seen:
            there = f"{seen[name].file}:{seen[name].line}"
            place.wrong(f"the SLO {name} is also in {there}; rename one")
        seen.setdefault(name, place)
