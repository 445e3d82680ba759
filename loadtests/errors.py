"""How a load test can end without a verdict.

LoadTestError
 ├ MisuseError    the command or its surroundings are wrong; exit 2, before any load
 └ InvalidRun     the run cannot be judged; exit 3
    └ StoppedError   somebody has told it to stop
"""

from __future__ import annotations


class LoadTestError(Exception):
    """Base; the text is one sentence."""


class MisuseError(LoadTestError):
    """An option, a file or an address is wrong."""


class InvalidRun(LoadTestError):
    """Something happened during the run that makes its numbers no evidence."""


class StoppedError(InvalidRun):
    """A signal has ended the run; what there is goes into its reports."""
