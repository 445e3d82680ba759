"""docker-compose.yml as tests read it: what each service says, anchors resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = "petswipe/"


def is_one_shot(service: dict[str, Any]) -> bool:
    """Say whether a service does its work once and ends."""
    return "restart" not in service


def environment(service: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a service."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def words(service: dict[str, Any]) -> list[str]:
    """Return the words of its command line, those that start it included."""
    return [str(word) for key in ("entrypoint", "command") for word in service.get(key, ())]


def binds(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """List what it mounts from this machine: source, target and mode."""
    mounts = [volume.split(":") for volume in service.get("volumes", ())]
    return [
        (source, target, "".join(mode)) for source, target, *mode in mounts if source[0] in "./"
    ]


def ports(service: dict[str, Any]) -> set[int]:
    """Return the ports that it listens on inside its networks."""
    published = {int(port.rpartition(":")[2]) for port in service.get("ports", ())}
    return published | {int(port) for port in service.get("expose", ())}


def networks(name: str) -> set[str]:
    """Return the networks of a service."""
    return set(SERVICES[name].get("networks", ()))
