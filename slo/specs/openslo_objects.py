"""The objects of OpenSLO v1: what all kinds have in common, and references by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slo.specs.build import title_of
from slo.specs.locate import meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slo.specs.locate import Place

VERSION = "openslo/v1"
KINDS = (
    "SLO",
    "SLI",
    "Service",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
)
LONGEST_DESCRIPTION = 1050
NO_LABEL = re.compile(r"[^a-zA-Z0-9_]|^(?=\d)")


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: its name, and where its parts stand."""

    place: Place
    kind: str
    named: Place
    name: str
    title: str
    spec: Place
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Library:
    """All objects of all files, by kind and name."""

    things: dict[tuple[str, str], Thing] = field(default_factory=dict)

    def add(self, thing: Thing) -> None:
        """Keep an object; another of its kind and name is a problem."""
        first = self.things.setdefault((thing.kind, thing.name), thing)
        if first is not thing:
            there = f"{first.place.file}:{first.place.line}"
            thing.place.wrong(f"{thing.kind} {thing.name!r} is also in {there}; rename one")

    def of(self, kind: str) -> list[Thing]:
        """Return all objects of a kind."""
        return [thing for thing in self.things.values() if thing.kind == kind]

    def find(self, kind: str, reference: Place) -> Thing | None:
        """Follow a reference; one to nothing is a problem."""
        if (name := reference.text()) is None:
            return None
        if thing := self.things.get((kind, name)):
            return thing
        names = [thing.name for thing in self.of(kind)]
        reference.wrong(f"no file has {kind} {name!r}; {meant(name, names)}")
        return None


def read_thing(place: Place, kind: str = "") -> Thing | None:
    """Read what all objects have; give the kind of one that stands within another."""
    if kind:
        given = place.fields("apiVersion kind", "metadata spec")
        if "kind" in given and given["kind"].choice([kind]) is None:
            return None
    else:
        # A service has nothing to specify.
        given = place.fields("spec", "apiVersion kind metadata")
        kind = (given["kind"].choice(KINDS) if "kind" in given else None) or ""
        if kind and "spec" not in given and kind != "Service":
            place.wrong("spec is missing")
            return None
    if not kind or "metadata" not in given:
        return None
    meta = given["metadata"].fields("displayName labels annotations", "name")
    name = meta["name"].text() if "name" in meta else None
    if name is None:
        return None
    title = meta["displayName"].text() if "displayName" in meta else title_of(name)
    labels = read_labels(meta["labels"]) if "labels" in meta else {}
    notes = meta["annotations"].mapping() if "annotations" in meta else {}
    # A service may have none.
    spec = given.get("spec", place)
    return Thing(place, kind, meta["name"], name, title or name, spec, labels, notes)


def read_labels(place: Place) -> dict[str, str]:
    """Read labels as Prometheus has them: other letters become `_`, several values one text."""
    found: dict[str, str] = {}
    for name, value in place.mapping().items():
        label = NO_LABEL.sub("_", name)
        if label in found or label.startswith("__"):
            value.wrong(f"its name would be {label} in Prometheus, which is taken; rename it")
        text = _joined(value)
        if text is not None:
            found[label] = text
    return found


def _joined(value: Place) -> str | None:
    if value.kind != "a list":
        return value.text()
    texts = [item.text() for item in value.items()]
    return ",".join(text for text in texts if text is not None)


def description(given: Mapping[str, Place]) -> str:
    """Read the description of a spec."""
    if "description" not in given or (text := given["description"].text()) is None:
        return ""
    if len(text) > LONGEST_DESCRIPTION:
        given["description"].wrong(
            f"it has {len(text)} letters; OpenSLO allows {LONGEST_DESCRIPTION}"
        )
    return text
