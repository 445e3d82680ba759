"""How a fault of a public library is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

INSTRUMENTATOR = "prometheus-fastapi-instrumentator 8.1.0"
EXPORTER = "starlette-exporter 0.24.0"
PROMETHEUS = "starlette-prometheus 0.10.0"
OPENTELEMETRY = "opentelemetry-instrumentation-fastapi 0.66b1"
SDK = "opentelemetry-sdk 1.45.1"


class UnusableError(Exception):
    """A comparison did not come as far as what it compares."""


def given(holds: object, what: str) -> None:
    """Refuse to call a library wrong that could not be asked.

    Raises UnusableError, which nothing expects: an assertion would pass for the fault itself.
    """
    if not holds:
        raise UnusableError(f"this should be so with any library: {what}")


def fault(library: object, version: str, what: str) -> ParameterSet:
    """Expect a library to fail; a test that passes says that it has been mended."""
    reason = f"{version}: {what}"
    # Only the one thing that is asserted: a library that cannot be used any more shows no fault.
    mark = pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)
    return pytest.param(library, id=version, marks=mark)
