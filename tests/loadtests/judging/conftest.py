"""A real Prometheus for what the service counted."""

from __future__ import annotations

from tests.slo.conftest import counters, serve

__all__ = ["counters", "serve"]
