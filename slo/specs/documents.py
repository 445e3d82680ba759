"""YAML files as located values, within limits: no file is too large, too deep or a bomb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from slo.specs.locate import NULL, Findings, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 1_000_000
MOST_DOCUMENTS = 1_000
MOST_LEVELS = 50
# libyaml reads twenty times faster than PyYAML's own parser, which is the same to us otherwise.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_documents(file: Path, findings: Findings, wanted: str = "a spec") -> list[Place]:
    """Return the documents of a file; those of a list at the top count one by one.

    `wanted` is what an empty file is told to hold.
    """
    text = _text(file, findings)
    if text is None or not _harmless(text, str(file), findings):
        return []
    nodes = [node for node in yaml.compose_all(text, Loader=LOADER) if node.tag != NULL]
    places = list(_single(nodes, str(file), findings))
    if not places:
        findings.problems.append(Problem(str(file), 1, "", f"the file is empty; give {wanted}"))
    return places


def _single(nodes: list[yaml.Node], file: str, findings: Findings) -> Iterator[Place]:
    for node in nodes:
        place = Place(node, file, "", findings)
        if isinstance(node, yaml.SequenceNode):
            yield from place.items()
        else:
            yield place


def _text(file: Path, findings: Findings) -> str | None:
    line = 1
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) <= MOST_BYTES:
            return raw.decode("utf-8-sig")
        sentence = f"the file has more than {MOST_BYTES:,} bytes; split it"
    except OSError as error:
        sentence = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        sentence = "the file is not UTF-8; save it as such"
    findings.problems.append(Problem(str(file), line, "", sentence))
    return None


def _harmless(text: str, file: str, findings: Findings) -> bool:
    """Read the file as events, which takes no memory, before anything is built from it."""
    level = documents = 0
    line, sentence = 1, ""
    try:
        for event in yaml.parse(text, Loader=LOADER):
            line = event.start_mark.line + 1  # type: ignore[union-attr]  # a parser sets it
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            if sentence := _refusal(event, level, documents):
                break
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else line
        told = " ".join(str(getattr(error, "problem", None) or error).split())
        sentence = f"this is not YAML: {told}"
    if sentence:
        findings.problems.append(Problem(file, line, "", sentence))
    return not sentence


def _refusal(event: yaml.Event, level: int, documents: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return f"the alias *{event.anchor} is not followed; write out what it stands for"
    if level > MOST_LEVELS:
        return f"values stand in more than {MOST_LEVELS} others; no spec is that deep"
    if documents > MOST_DOCUMENTS:
        return f"the file has more than {MOST_DOCUMENTS} documents; split it"
    tag = getattr(event, "tag", None)
    return f"the tag {tag} is not read; leave it out" if tag else ""
