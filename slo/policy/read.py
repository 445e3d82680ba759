"""The policy of the production gate: read and checked whole, before anything is asked.

`slo/gate.md` describes its fields. No policy can block a rollback.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from slo.policy.model import DataRules, Policy, Young
from slo.policy.read_bands import read_bands
from slo.policy.read_freezes import read_freezes
from slo.policy.values import read_changes, read_duration, read_whole
from slo.specs.documents import read_documents
from slo.specs.locate import Findings, meant, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.policy.model import Change
    from slo.specs.locate import Place

VERSION = "1"
DATA = "newest_at_most history_at_least younger minimum_events"
# Older samples are looked for no further back than twice as long.
NEWEST = timedelta(seconds=15), timedelta(hours=1)
# How old a history is, is known to the hour.
HISTORY = timedelta(hours=1), timedelta(days=30)


def read_policy(file: str | Path, slo_ids: Sequence[str]) -> Policy:
    """Return the policy of a file; raises SpecError with every problem of it."""
    findings = Findings()
    policy = _document(Path(file), findings, slo_ids)
    if findings.problems or policy is None:
        findings.stop()
    return policy


def _document(file: Path, findings: Findings, slo_ids: Sequence[str]) -> Policy | None:
    documents = read_documents(file, findings, "version, bands, fast_burn and data")
    if not documents:
        return None
    if len(documents) > 1:
        documents[1].wrong("only one policy is read; take the others out")
    given = documents[0].fields("slos freezes", "version bands fast_burn data")
    if "version" in given:
        given["version"].choice((VERSION,))
    bands = read_bands(given["bands"]) if "bands" in given else None
    allows = _fast_burn(given["fast_burn"]) if "fast_burn" in given else None
    data = _data(given["data"], None) if "data" in given else None
    freezes = read_freezes(given["freezes"]) if "freezes" in given else ()
    if data is None:
        return None
    overrides = _overrides(given["slos"], data, slo_ids) if "slos" in given else {}
    if bands is None or allows is None:
        return None
    return Policy(bands, allows, data, overrides, freezes)


def _fast_burn(place: Place) -> frozenset[Change] | None:
    given = place.fields("", "allows")
    return read_changes(given["allows"]) if "allows" in given else None


def _data(place: Place, base: DataRules | None) -> DataRules | None:
    """Read what data must be like; what is not given is as in `base`, if there is one."""
    given = place.fields(DATA) if base else place.fields("", DATA)
    newest = read_duration(given["newest_at_most"], *NEWEST) if "newest_at_most" in given else None
    history = (
        read_duration(given["history_at_least"], *HISTORY) if "history_at_least" in given else None
    )
    younger = given["younger"].choice(list(Young)) if "younger" in given else None
    events = read_whole(given["minimum_events"]) if "minimum_events" in given else None
    if base is None:
        if newest is None or history is None or younger is None or events is None:
            return None
        return DataRules(newest, history, Young(younger), events)
    return replace(
        base,
        newest_at_most=newest or base.newest_at_most,
        history_at_least=history or base.history_at_least,
        younger=Young(younger) if younger else base.younger,
        minimum_events=base.minimum_events if events is None else events,
    )


def _overrides(place: Place, data: DataRules, slo_ids: Sequence[str]) -> dict[str, DataRules]:
    found = {}
    for name, given in place.mapping().items():
        if name not in slo_ids:
            given.wrong(f"there is no SLO {shown(name)}; {meant(name, slo_ids)}")
        elif (rules := _data(given, data)) is not None:
            found[name] = rules
    return found
