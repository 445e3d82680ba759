"""The service levels that PetSwipe promises."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from app.telemetry import catalog
from app.telemetry.catalog import (
    DECK_READ,
    DELIVERED,
    DELIVERY_OUTCOME,
    DISPATCH_JOB,
    ERROR_TYPE,
    FAILURES,
    HTTP_DURATION,
    JOB,
    LOG_IN,
    METHOD,
    NOTIFICATION_DELIVERY,
    ROUTE,
    SWIPE_CREATE,
    TOPIC,
    TOPIC_MATCH,
    UPLOAD,
)
from app.telemetry.model import OVERFLOW
from slo.indicators import LatencySli, RatioSli
from slo.model import Alerting, Slo
from slo.promql import Matcher

if TYPE_CHECKING:
    from app.telemetry.model import Route

# By what went wrong and not by status: an answer that breaks off had been a 200.
FAILED = Matcher(ERROR_TYPE.name, "=~", "|".join(FAILURES))
# A fast failure must not count as a fast answer.
ANSWERED = Matcher(ERROR_TYPE.name, "!~", "|".join(FAILURES))
# What people and their apps ask for. Probes, the document and its page are for machines, and
# /health/deep answers 503 to say that PostgreSQL is away. A path that nobody serves was
# promised to nobody; scanners would water the share down with 404s. `_overflow` is any route past
# the budget of series: leaving it out would hide the failures of a bad day.
API_REQUESTS = (Matcher("job", "=", JOB), Matcher(ROUTE.name, "=~", f"/api/.+|{OVERFLOW}"))


def requests(route: Route) -> tuple[Matcher, ...]:
    """Match the requests of one operation."""
    return (
        Matcher("job", "=", JOB),
        Matcher(METHOD.name, "=", route.method),
        Matcher(ROUTE.name, "=", route.template),
    )


# Who is told of them, and how: labels that the routes of alerts go by.
ALERTING = Alerting(
    labels={"alert_type": "symptom", "team": "adoption"},
    page_labels={"channel": "pager"},
    ticket_labels={"channel": "ticket"},
)

SWIPE_AVAILABILITY = Slo(
    id="swipe-availability",
    service="petswipe",
    title="Swipe availability",
    description="A swipe is answered without a server error.",
    objective=Fraction(catalog.OBJECTIVES["swipe-availability"]),
    sli=RatioSli(HTTP_DURATION, requests(SWIPE_CREATE), FAILED),
    alerting=ALERTING,
)
SWIPE_LATENCY = Slo(
    id="swipe-latency",
    service="petswipe",
    title="Swipe latency",
    description="A swipe is answered within 150 ms.",
    objective=Fraction(catalog.OBJECTIVES["swipe-latency"]),
    sli=LatencySli(HTTP_DURATION, (*requests(SWIPE_CREATE), ANSWERED), Fraction("0.15")),
    alerting=ALERTING,
)
SWIPE_LATENCY_P99 = Slo(
    id="swipe-latency-p99",
    service="petswipe",
    title="Swipe latency p99",
    description="A swipe is answered within 300 ms.",
    objective=Fraction(catalog.OBJECTIVES["swipe-latency-p99"]),
    sli=LatencySli(HTTP_DURATION, (*requests(SWIPE_CREATE), ANSWERED), Fraction("0.3")),
    alerting=ALERTING,
)
DECK_AVAILABILITY = Slo(
    id="deck-availability",
    service="petswipe",
    title="Deck availability",
    description="A deck is answered without a server error.",
    objective=Fraction(catalog.OBJECTIVES["deck-availability"]),
    sli=RatioSli(HTTP_DURATION, requests(DECK_READ), FAILED),
    alerting=ALERTING,
)
DECK_LATENCY = Slo(
    id="deck-latency",
    service="petswipe",
    title="Deck latency",
    description="A deck is answered within 150 ms.",
    objective=Fraction(catalog.OBJECTIVES["deck-latency"]),
    sli=LatencySli(HTTP_DURATION, (*requests(DECK_READ), ANSWERED), Fraction("0.15")),
    alerting=ALERTING,
)
LOGIN_AVAILABILITY = Slo(
    id="login-availability",
    service="petswipe",
    title="Login availability",
    description="A log-in is answered without a server error; a wrong password is an answer.",
    objective=Fraction(catalog.OBJECTIVES["login-availability"]),
    sli=RatioSli(HTTP_DURATION, requests(LOG_IN), FAILED),
    alerting=ALERTING,
)
UPLOAD_AVAILABILITY = Slo(
    id="upload-availability",
    service="petswipe",
    title="Upload availability",
    description="A picture that is sent is answered without a server error.",
    objective=Fraction(catalog.OBJECTIVES["upload-availability"]),
    sli=RatioSli(HTTP_DURATION, requests(UPLOAD), FAILED),
    alerting=ALERTING,
)
NOTIFICATION_FRESHNESS = Slo(
    id="notification-freshness",
    service="petswipe",
    title="Notification freshness",
    description="The news of a match is delivered through every channel within 60 s.",
    objective=Fraction(catalog.OBJECTIVES["notification-freshness"]),
    sli=LatencySli(
        NOTIFICATION_DELIVERY,
        (Matcher("job", "=", DISPATCH_JOB), Matcher(TOPIC.name, "=", TOPIC_MATCH)),
        Fraction(60),
        # What was given up soon was not delivered soon.
        (Matcher(DELIVERY_OUTCOME.name, "=", DELIVERED),),
    ),
    alerting=ALERTING,
)
API_AVAILABILITY = Slo(
    id="api-availability",
    service="petswipe",
    title="API availability",
    description="A request of the API is answered without a server error.",
    objective=Fraction(catalog.OBJECTIVES["api-availability"]),
    sli=RatioSli(HTTP_DURATION, API_REQUESTS, FAILED),
    alerting=ALERTING,
)

OBJECTIVES = (
    SWIPE_AVAILABILITY,
    SWIPE_LATENCY,
    SWIPE_LATENCY_P99,
    DECK_AVAILABILITY,
    DECK_LATENCY,
    LOGIN_AVAILABILITY,
    UPLOAD_AVAILABILITY,
    NOTIFICATION_FRESHNESS,
    API_AVAILABILITY,
)


class UnknownSloError(ValueError):
    """Somebody asked for a service level that is not declared."""


def choose(ids: tuple[str, ...]) -> tuple[Slo, ...]:
    """Return the service levels with these ids, all when none is given.

    Raises UnknownSloError, which names the ids that exist.
    """
    known = {slo.id: slo for slo in OBJECTIVES}
    for wanted in ids:
        if wanted not in known:
            raise UnknownSloError(f"there is no SLO {wanted!r}: one of {', '.join(known)}")
    return tuple(known[wanted] for wanted in ids) if ids else OBJECTIVES
