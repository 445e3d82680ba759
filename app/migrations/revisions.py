"""The revision that this release needs, without Alembic, which costs a worker 10 MB."""

from __future__ import annotations

from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).with_name("versions")


@cache
def head_revision() -> str:
    """Return the newest revision of this release; their files begin with it, in their order."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
