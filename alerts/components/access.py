"""Who tries to get in: failed log-ins, stolen tokens, storms of requests."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts.counting import Increase, Rate, Ratio
from alerts.derived import Surge
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from app.telemetry.catalog import LOG_INS, RATE_LIMITED, REFRESHES
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
FAILED_LOG_INS = Rate(
    Selector(LOG_INS, LOG_INS.name, (Matcher("outcome", "=~", "failure|throttled"),)),
    FIVE_MINUTES,
)
LIMITED = Selector(RATE_LIMITED, RATE_LIMITED.name, ())
# Three failures a minute: people mistype passwords at night too.
FLOOR = 0.05

LOG_IN_FAILURES = Signal(
    "job:login_failures:rate5m",
    "Failed log-ins",
    "Log-ins in each second that were refused or slowed down.",
    Unit.PER_SECOND,
    FAILED_LOG_INS,
    Dashboard.BUSINESS,
)
LOG_IN_SURGE = Signal(
    "job:login_failures:ratio_to_day",
    "Failed log-ins by their mean of a day",
    "How many times the mean of the last day log-ins fail now; at least 3 a minute count as mean.",
    Unit.NUMBER,
    Surge(LOG_IN_FAILURES.record, FAILED_LOG_INS, timedelta(days=1), timedelta(hours=1), FLOOR),
    Dashboard.BUSINESS,
)
TOKEN_REUSE = Signal(
    "job:token_reuse:increase15m",
    "Refresh tokens used twice in 15 minutes",
    "Each means that a token is in two hands; its session has been ended.",
    Unit.COUNT,
    Increase(
        Selector(REFRESHES, REFRESHES.name, (Matcher("outcome", "=", "reuse"),)),
        timedelta(minutes=15),
    ),
    Dashboard.BUSINESS,
)
RATE_REFUSALS = Signal(
    "job:rate_limited:ratio_rate5m",
    "Requests over their limit",
    "The share of requests that a rate limit has refused.",
    Unit.SHARE,
    # By policy: a request of somebody who is logged in counts for the person and for the address.
    Ratio(
        LIMITED.where(Matcher("outcome", "=", "refused")), LIMITED, FIVE_MINUTES, ("job", "policy")
    ),
    Dashboard.BUSINESS,
)
SIGNALS = (LOG_IN_FAILURES, LOG_IN_SURGE, TOKEN_REUSE, RATE_REFUSALS)

WATCHES = (
    Watch(
        "LoginFailuresSpike",
        LOG_IN_SURGE,
        Past.ABOVE,
        Fraction(5),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.SECURITY,
        AlertType.SYMPTOM,
        "Log-ins fail five times as often as usual.",
        "Somebody tries passwords, or nobody can get in any more.",
    ),
    Watch(
        "TokenReuseSpike",
        TOKEN_REUSE,
        Past.ABOVE,
        Fraction(5),
        timedelta(minutes=1),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.SECURITY,
        AlertType.SYMPTOM,
        "Refresh tokens are in two hands, more than five in a quarter of an hour.",
        "Tokens have been stolen, or a client keeps old ones.",
    ),
    Watch(
        "RateLimitStorm",
        RATE_REFUSALS,
        Past.ABOVE,
        Fraction("0.2"),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.SECURITY,
        AlertType.SYMPTOM,
        "One request in five is refused by a rate limit.",
        "Somebody floods us, or a limit is too low for what people do.",
    ),
)
