"""What statistics refuse to judge."""

from __future__ import annotations


class CountsError(Exception):
    """Counts or measurements that nothing real can have; the text is one sentence."""
