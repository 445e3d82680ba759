"""What adopters and shelters do, and who tries to get in."""

from __future__ import annotations

from alerts.components.access import LOG_IN_FAILURES, LOG_IN_SURGE, RATE_REFUSALS, TOKEN_REUSE
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    ACTIVE_SESSIONS,
    DECK_READ,
    DISPATCH_JOB,
    ERROR_TYPE,
    HTTP_DURATION,
    IDEMPOTENCY,
    JOB,
    LOG_INS,
    MATCH_CHANGES,
    MATCHES,
    METHOD,
    PASSWORD_RESETS,
    PETS_LISTED,
    RATE_FALLBACKS,
    RATE_LIMITED,
    REFRESHES,
    ROUTE,
    SIGN_UPS,
    SWIPE_REPEATS,
    SWIPES,
    TOKENS_REFUSED,
    UPLOADS,
)
from dashboards.charts import chart
from dashboards.model import Board, Kind, Panel, Query, Row
from dashboards.panels import timeseries
from dashboards.queries import AN_HOUR, SHOWN, increase, part, pick, rate, total
from slo.promql import Matcher

A_MINUTE = "* 60"
DECKS = part(
    HTTP_DURATION,
    "count",
    Matcher(METHOD.name, "=", DECK_READ.method),
    Matcher(ROUTE.name, "=", DECK_READ.template),
    Matcher(ERROR_TYPE.name, "=", ""),
)
PET_PICTURES = pick(UPLOADS, Matcher("purpose", "=", "pet"))
# Each step of the way to a new home; of some of them there are several in a step before.
FUNNEL = {
    "1 Decks": DECKS,
    "2 Swipes": pick(SWIPES),
    "3 Likes": pick(SWIPES, Matcher("direction", "=", "like")),
    "4 Matches": pick(MATCHES),
    "5 Adoptions": pick(MATCH_CHANGES, Matcher("status", "=", "completed")),
}

WHAT_HAPPENS = Row(
    "Adoption",
    (
        chart(
            "business:swipes",
            "Swipes per minute",
            "Swipes stored, each once however often it is sent. They are what the service is for.",
            Unit.NUMBER,
            Query(f"{rate(pick(SWIPES), 'direction')} {A_MINUTE}", "{{direction}}"),
            stacked=True,
        ),
        chart(
            "business:matches",
            "Matches per hour",
            "Likes that a shelter has answered with yes, and what became of matches, in the hour "
            "before each point.",
            Unit.COUNT,
            Query(increase(pick(MATCHES), over=AN_HOUR), "made"),
            Query(increase(pick(MATCH_CHANGES), "status", over=AN_HOUR), "{{status}}"),
        ),
        chart(
            "business:signups",
            "Signups per hour",
            "Accounts that people have created in the hour before each point, whether they swipe "
            "or offer pets.",
            Unit.COUNT,
            Query(increase(pick(SIGN_UPS), over=AN_HOUR), "accounts"),
            width=8,
        ),
        chart(
            "business:uploads",
            "Pet uploads per hour",
            "Pictures of pets in the hour before each point: stored, refused because they were "
            "no good, or failed because the object storage did not take them.",
            Unit.COUNT,
            Query(increase(PET_PICTURES, "outcome", over=AN_HOUR), "{{outcome}}"),
            width=8,
        ),
        chart(
            "business:pets-by-type",
            "Pets listed per hour, by type",
            "Pets offered for adoption in the hour before each point, one by one or by a file.",
            Unit.COUNT,
            Query(increase(pick(PETS_LISTED), "pet_type", over=AN_HOUR), "{{pet_type}}"),
            width=8,
            stacked=True,
        ),
        Panel(
            key="business:funnel",
            title="Adoption funnel",
            description="From the deck to a new home, in the time that is shown: decks that were "
            "answered, swipes, likes, matches, and matches that ended in an adoption.",
            kind=Kind.BAR_GAUGE,
            unit=Unit.COUNT,
            queries=tuple(
                Query(increase(of, over=SHOWN), step, instant=True) for step, of in FUNNEL.items()
            ),
            low=0.0,
        ),
        chart(
            "business:sessions",
            "Active sessions",
            "Sessions used within five minutes.",
            Unit.COUNT,
            Query(total(pick(ACTIVE_SESSIONS), how="max"), "sessions"),
        ),
    ),
)
WHO_GETS_IN = Row(
    "Access",
    (
        timeseries(
            LOG_IN_FAILURES,
            title="Log-ins",
            description="Log-ins in each second by outcome; the recorded line is what was refused "
            "or slowed down.",
            more=(Query(rate(pick(LOG_INS), "outcome"), "{{outcome}}"),),
        ),
        timeseries(LOG_IN_SURGE),
        timeseries(TOKEN_REUSE),
        chart(
            "business:tokens",
            "Tokens and resets",
            "Uses of refresh tokens, access tokens that were refused, and passwords reset by mail.",
            Unit.PER_SECOND,
            Query(rate(pick(REFRESHES), "outcome"), "refresh {{outcome}}"),
            Query(rate(pick(TOKENS_REFUSED), "reason"), "refused: {{reason}}"),
            Query(rate(pick(PASSWORD_RESETS), "step"), "reset {{step}}"),
        ),
        timeseries(RATE_REFUSALS, high=None),
        chart(
            "business:rate-limits",
            "Rate limits",
            "Requests counted against a limit, and those that a process had to count alone because "
            "Valkey did not answer.",
            Unit.PER_SECOND,
            Query(rate(pick(RATE_LIMITED), "policy", "outcome"), "{{policy}} {{outcome}}"),
            Query(rate(pick(RATE_FALLBACKS)), "counted alone"),
        ),
        chart(
            "business:repeats",
            "Requests sent again",
            "Swipes that were stored before, and requests with an Idempotency-Key: clients that "
            "retry, or are broken.",
            Unit.PER_SECOND,
            Query(rate(pick(SWIPE_REPEATS), "outcome"), "swipe {{outcome}}"),
            Query(rate(pick(IDEMPOTENCY), "outcome"), "key {{outcome}}"),
            width=24,
        ),
    ),
)

BOARD = Board(
    Dashboard.BUSINESS,
    "Business",
    "What adopters and shelters do, and who tries to get in. "
    "Generated from dashboards/boards/business.py.",
    (JOB, DISPATCH_JOB),
    (WHAT_HAPPENS, WHO_GETS_IN),
)
