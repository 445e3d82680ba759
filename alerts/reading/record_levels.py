"""What the first part of a record's name says of its labels."""

from __future__ import annotations

# What the result has, and what it has lost. Source: Prometheus' naming of recording rules.
LEVELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "instance": (("instance",), ()),
    "job": (("job",), ("instance",)),
    "service": ((), ("instance", "job")),
    "slo": ((), ("instance", "job")),
    "monitoring": ((), ("instance", "job")),
}
