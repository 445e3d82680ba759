"""What an answer says besides numbers, in the words of Prometheus and of those that speak as it."""

from __future__ import annotations

from typing import Any, TypeGuard

# What Prometheus says while it starts, a proxy while nothing is behind it, and who has too much
# to do. VictoriaMetrics says no more than such a status.
NOT_READY = (429, 502, 503, 504)
# It was reached, but has no answer for now; asking again may help, another query need not.
GAVE_UP = ("timeout", "canceled", "unavailable", "internal")
# How Prometheus and Thanos begin to say that the storage, and not the query, is at fault.
STORAGE_FAILED = "expanding series"
# It wants to know who asks, or does not like whom it sees.
WHO_ASKS = (401, 403)
# Remarks on the query, which older versions put among the warnings; the data is all there.
REMARK = "PromQL info"


def is_from_prometheus(document: object) -> TypeGuard[dict[str, Any]]:
    """Say whether it is an answer or a refusal of Prometheus; many services have a `status`."""
    return isinstance(document, dict) and (
        isinstance(document.get("data"), dict) or "errorType" in document
    )


def gave_up(document: dict[str, Any], status: int) -> bool:
    """Say whether a refusal, with its HTTP status, blames the server and not the query."""
    said = str(document.get("error"))
    return document.get("status") != "success" and (
        document.get("errorType") in GAVE_UP
        or status in NOT_READY
        or said.startswith(STORAGE_FAILED)
    )


def missing(document: dict[str, Any]) -> str:
    """Say what an answer was made without; empty when nothing.

    Prometheus and Thanos warn of it, VictoriaMetrics marks the answer.
    """
    warned = [str(x) for x in document.get("warnings") or () if not str(x).startswith(REMARK)]
    partial = ["not all of its nodes answered"] if document.get("isPartial") else []
    return "; ".join([*warned, *partial])
