"""What the C library does with memory that is free again."""

from __future__ import annotations

import ctypes
import os
import sys

# mallopt(3); only glibc has it.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# Answers of a hundred connections, 40 kB each and in a few copies.
KEPT_BYTES = 32 * 1024 * 1024
# What is larger has pages of its own. glibc would learn where to draw the line, but no longer once
# the other limit is set.
LARGE_BYTES = 1024 * 1024
CHOSEN = "MALLOC_TRIM_THRESHOLD_"


def keep_free_memory() -> None:
    """Keep up to 32 MB of freed memory, instead of 128 kB, for what will want it the next moment.

    Decks come and go many at a time: given back to the system and had again page by page, their
    memory was a seventh of what a deck costs. An operator's own MALLOC_TRIM_THRESHOLD_ stays.
    """
    if sys.platform == "linux" and CHOSEN not in os.environ:
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
            mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
