"""S3 by moto's server, as a child of the supervisor."""

from __future__ import annotations

import importlib.util
import sys

from app.local.ports import HOST
from app.local.probes import answers
from app.local.supervisor import Service, StackError


def prepare_s3(port: int) -> Service:
    """Say how to start it; objects live in its memory and go with it."""
    if importlib.util.find_spec("moto") is None:
        raise StackError("the package moto is missing: install the group `local`")
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    return Service("s3", command, answers(port, "/moto-api/"))
