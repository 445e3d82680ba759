"""Asking whether a child process is ready."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from app.local.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_SECONDS = 2.0
OK = 200
# A proxy from the environment must never see traffic to our own children.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def answers(port: int, path: str) -> Callable[[], bool]:
    """Make a check that is true once GET `path` answers 200."""
    url = f"http://{HOST}:{port}{path}"

    def ready() -> bool:
        try:
            with _open(url, timeout=PROBE_SECONDS) as answer:
                return bool(answer.status == OK)
        except (urllib.error.URLError, OSError):
            return False

    return ready
