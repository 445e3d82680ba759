"""What adopters feel of the API, and the loop that everybody waits for."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts.counting import Increase, Quantile, Rate, Ratio
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Floor, Past, Team, Watch
from app.telemetry.catalog import (
    CHAT,
    HTTP_DURATION,
    HTTP_FAILURES,
    JOB,
    LOOP_LAG,
    PATIENT,
    PROBES,
    ROUTE,
    SHELTER_LIST,
)
from slo.objectives import ANSWERED
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
OF_THE_API = (Matcher("job", "=", JOB),)
# Load balancers ask every few seconds and always get an answer: they would water every share down.
ASKED_BY_PEOPLE = Matcher(ROUTE.name, "!~", "|".join(route.template for route in PROBES))
REQUESTS = Selector(
    HTTP_DURATION,
    "http_server_request_duration_seconds_count",
    (*OF_THE_API, ASKED_BY_PEOPLE),
)
# By a counter that is 0 from the start: the first error of a route must not be invisible.
ERRORS = Selector(HTTP_FAILURES, HTTP_FAILURES.name, OF_THE_API)
# They wait for a password's hash, for a file, or for somebody else's service.
SLOW_BY_NATURE = (*PATIENT, CHAT, SHELTER_LIST)
QUICK = Matcher(ROUTE.name, "!~", "|".join(route.template for route in SLOW_BY_NATURE))
# A fast failure must not make the service look fast.
ANSWERS = Selector(
    HTTP_DURATION,
    "http_server_request_duration_seconds_bucket",
    (*OF_THE_API, ASKED_BY_PEOPLE, QUICK, ANSWERED),
)
LAG = Selector(LOOP_LAG, "petswipe_event_loop_lag_seconds_bucket", ())
BEATS = Selector(LOOP_LAG, "petswipe_event_loop_lag_seconds_count", ())

REQUEST_RATE = Signal(
    "job:http_requests:rate5m",
    "Request rate",
    "Requests that were answered, or not, in each second. A sudden fall is as bad as a rise.",
    Unit.REQUESTS_PER_SECOND,
    Rate(REQUESTS, FIVE_MINUTES),
    Dashboard.APPLICATION,
)
REQUESTS_5M = Signal(
    "job:http_requests:increase5m",
    "Requests in 5 minutes",
    "How many requests there were: with few of them, no share of errors says much.",
    Unit.COUNT,
    Increase(REQUESTS, FIVE_MINUTES),
    Dashboard.LOAD_TEST,
)
ERROR_RATE = Signal(
    "job:http_errors:ratio_rate5m",
    "Error rate",
    "The share of requests that failed by our fault: 5xx, timeouts and answers that broke off.",
    Unit.SHARE,
    Ratio(ERRORS, REQUESTS, FIVE_MINUTES),
    Dashboard.APPLICATION,
    shown_in="application:errors",
)
ERRORS_5M = Signal(
    "job:http_errors:increase5m",
    "Errors in 5 minutes",
    "How many requests failed by our fault.",
    Unit.COUNT,
    Increase(ERRORS, FIVE_MINUTES),
    Dashboard.APPLICATION,
    shown_in="application:errors",
)


def _latency(share: float) -> Signal:
    percent = f"{share * 100:g}"
    return Signal(
        f"job:http_duration_seconds:p{percent}_5m",
        f"Response time p{percent}",
        f"{percent} % of the requests that did not fail were answered within this time. Log-ins, "
        "files and what others answer for us are left out: they take as long as they take.",
        Unit.SECONDS,
        Quantile(ANSWERS, share, FIVE_MINUTES),
        Dashboard.APPLICATION,
        shown_in="application:response-time",
    )


P50, P95, P99 = _latency(0.5), _latency(0.95), _latency(0.99)
LOOP = Signal(
    "instance:event_loop_lag_seconds:p99_5m",
    "Event loop lag p99",
    "How late the loop of a process runs what is due. Every request of that process waits as long.",
    Unit.SECONDS,
    Quantile(LAG, 0.99, FIVE_MINUTES, ("job", "instance")),
    Dashboard.INFRASTRUCTURE,
)
LOOP_BEATS = Signal(
    "instance:event_loop_beats:rate2m",
    "Turns of the event loop",
    "How often in a second a timer of each process ran: about 4, and less while the loop is held.",
    Unit.PER_SECOND,
    Rate(BEATS, timedelta(minutes=2), ("job", "instance")),
    LOOP.dashboard,
)
SIGNALS = (REQUEST_RATE, REQUESTS_5M, ERROR_RATE, ERRORS_5M, P50, P95, P99, LOOP, LOOP_BEATS)

# One request in a hundred is none of fifty.
ENOUGH = Floor(REQUESTS_5M, Fraction(100))

WATCHES = (
    Watch(
        "HighErrorRate",
        ERROR_RATE,
        Past.ABOVE,
        Fraction("0.05"),
        timedelta(minutes=5),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "More than one request in twenty fails by our fault.",
        "Adopters see errors in place of pets.",
        Floor(REQUESTS_5M, Fraction(20)),
    ),
    Watch(
        "HighLatencyP95",
        P95,
        Past.ABOVE,
        Fraction("0.5"),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "One request in twenty takes longer than half a second.",
        "Swiping feels slow.",
        ENOUGH,
    ),
    Watch(
        "HighLatencyP99",
        P99,
        Past.ABOVE,
        Fraction(1),
        timedelta(minutes=5),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "One request in a hundred takes longer than a second.",
        "Adopters wait, and requests begin to run into their deadline.",
        ENOUGH,
    ),
    Watch(
        "ErrorsPresent",
        ERRORS_5M,
        Past.ABOVE,
        Fraction(10),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "Requests fail by our fault, fewer than would page.",
        "More than ten requests failed in five minutes.",
        ENOUGH,
    ),
    Watch(
        "EventLoopBlocked",
        LOOP,
        Past.ABOVE,
        Fraction("0.1"),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "A process keeps its event loop busy, and all its requests wait.",
        "Something computes, or waits, where it must not.",
    ),
    Watch(
        "EventLoopStuck",
        LOOP_BEATS,
        Past.BELOW,
        Fraction("0.5"),
        timedelta(minutes=1),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.CAUSE,
        "A process answers Prometheus, and nobody else.",
        "Its event loop hardly runs; its requests are neither answered nor counted.",
    ),
)
