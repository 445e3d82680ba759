"""Exceptions as log lines show them: types, codes and places.

Never their words and never the values of variables, because both quote what somebody has sent; and
no line of source either, because reading files would make the event loop wait.
"""

from __future__ import annotations

import traceback
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

ROOT = f"{Path(__file__).parents[2]}/"
PACKAGES = "/site-packages/"
MOST_CAUSES = 4
MOST_FRAMES = 12
MOST_STACK = 2048
MOST_NAME = 128
# PostgreSQL's codes have five characters; whatever is longer is none.
MOST_CODE = 8


def describe_stack(error: BaseException) -> str:
    """Tell where an exception was raised and what caused it, the innermost place last.

    At most MOST_STACK characters.
    """
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < MOST_CAUSES:
        chain.append(cause)
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        elif cause.__suppress_context__:
            cause = cause.__cause__
        else:
            cause = cause.__cause__ or cause.__context__
    between = "\ncaused by "
    share = MOST_STACK // len(chain) - len(between)
    return between.join(_describe(each, share) for each in chain)


def _describe(error: BaseException, most: int) -> str:
    """Name an exception and the last of the places that it came through."""
    kind = type(error)
    told = f"{kind.__module__}.{kind.__qualname__}"[:MOST_NAME] + _code(error)
    frames = deque(traceback.walk_tb(error.__traceback__), MOST_FRAMES)
    places = [f"\n  {_path(frame)}:{line} {frame.f_code.co_name}" for frame, line in frames]
    while len(told) + sum(map(len, places)) > most:
        del places[0]
    return told + "".join(places)


def _code(error: BaseException) -> str:
    """Give PostgreSQL's or the system's code for what went wrong, if it has one."""
    code = getattr(error, "sqlstate", None) or getattr(error, "errno", None)
    told = str(code) if isinstance(code, int | str) else ""
    return f" [{told}]" if told.isalnum() and len(told) <= MOST_CODE else ""


def _path(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    return path.rpartition(PACKAGES)[2].removeprefix(ROOT)[-MOST_NAME:]
