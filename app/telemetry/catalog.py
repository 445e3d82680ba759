"""Everything the service emits, declared once: routes, metrics, label sets, bucket edges.

The kit (slo, alerts, dashboards, loadtests) sees this module of `app` and no other, so it imports
the standard library only. A name that is not here does not exist: selectors refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNMATCHED = "_unmatched"
OTHER_METHOD = "_OTHER"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API: method, full template, and the statuses that mean success."""

    method: str
    template: str
    success: tuple[int, ...]

    @property
    def operation(self) -> str:
        """Name the operation as load reports and tables print it, like `POST /api/swipes`."""
        return f"{self.method} {self.template}"


SIGN_UP = Route("POST", "/api/auth/signup", (201,))
LOG_IN = Route("POST", "/api/auth/login", (200,))
LOG_OUT = Route("POST", "/api/auth/logout", (204,))
REFRESH = Route("POST", "/api/auth/refresh", (200,))
RESET_REQUEST = Route("POST", "/api/auth/reset-password/request", (202,))
RESET_CONFIRM = Route("POST", "/api/auth/reset-password/confirm", (204,))
ME_READ = Route("GET", "/api/users/me", (200,))
ME_CHANGE = Route("PATCH", "/api/users/me", (200,))
ME_DELETE = Route("DELETE", "/api/users/me", (204,))
PASSWORD_CHANGE = Route("PUT", "/api/users/me/password", (204,))
PREFERENCES_READ = Route("GET", "/api/users/me/preferences", (200,))
PREFERENCES_WRITE = Route("PUT", "/api/users/me/preferences", (200,))
AVATAR_WRITE = Route("PUT", "/api/users/me/avatar", (200,))
AVATAR_DELETE = Route("DELETE", "/api/users/me/avatar", (204,))
ME_EXPORT = Route("GET", "/api/users/me/export", (200,))
USER_LIST = Route("GET", "/api/users", (200,))
USER_CHANGE = Route("PATCH", "/api/users/{user_id}", (200,))
PET_LIST = Route("GET", "/api/pets", (200,))
PET_CREATE = Route("POST", "/api/pets", (201,))
PETS_MINE = Route("GET", "/api/pets/mine", (200,))
PET_IMPORT = Route("POST", "/api/pets/import", (200,))
PET_EXPORT = Route("GET", "/api/pets/export", (200,))
PET_READ = Route("GET", "/api/pets/{pet_id}", (200,))
PET_CHANGE = Route("PATCH", "/api/pets/{pet_id}", (200,))
PET_DELETE = Route("DELETE", "/api/pets/{pet_id}", (204,))
DECK_READ = Route("GET", "/api/deck", (200,))
SWIPE_CREATE = Route("POST", "/api/swipes", (201, 200))
SWIPE_LIST = Route("GET", "/api/swipes", (200,))
SWIPE_UNDO = Route("DELETE", "/api/swipes/last", (204,))
ADMIRER_LIST = Route("GET", "/api/pets/{pet_id}/admirers", (200,))
ADMIRER_ANSWER = Route("PUT", "/api/pets/{pet_id}/admirers/{user_id}", (200,))
MATCH_LIST = Route("GET", "/api/matches", (200,))
MATCH_READ = Route("GET", "/api/matches/{match_id}", (200,))
MATCH_CHANGE = Route("PATCH", "/api/matches/{match_id}", (200,))
HOUSEHOLD_CREATE = Route("POST", "/api/households", (201,))
HOUSEHOLD_JOIN = Route("POST", "/api/households/join", (200,))
HOUSEHOLD_READ = Route("GET", "/api/households/{household_id}", (200,))
HOUSEHOLD_MEMBERS = Route("GET", "/api/households/{household_id}/members", (200,))
HOUSEHOLD_LEAVE = Route("DELETE", "/api/households/{household_id}/members/me", (204,))
UPLOAD = Route("POST", "/api/upload", (201,))
NOTIFICATION_LIST = Route("GET", "/api/notifications", (200,))
NOTIFICATION_READ = Route("PUT", "/api/notifications/{notification_id}/read", (204,))
CHANNELS_READ = Route("GET", "/api/notifications/channels", (200,))
CHANNELS_WRITE = Route("PUT", "/api/notifications/channels", (200,))
CHAT = Route("POST", "/api/chat", (200,))
SHELTER_LIST = Route("GET", "/api/shelters", (200,))
SHELTER_WRITE = Route("PUT", "/api/shelters/me", (200,))
AUDIT_LIST = Route("GET", "/api/audit", (200,))
INFO = Route("GET", "/api/info", (200,))
HEALTH_LIVE = Route("GET", "/health", (200,))
HEALTH_READY = Route("GET", "/health/ready", (200,))
HEALTH_STARTUP = Route("GET", "/health/startup", (200,))
HEALTH_DEEP = Route("GET", "/health/deep", (200,))
READY = Route("GET", "/ready", (200,))
LIVE = Route("GET", "/live", (200,))
ACTUATOR_HEALTH = Route("GET", "/actuator/health", (200,))
ACTUATOR_INFO = Route("GET", "/actuator/info", (200,))
OPENAPI = Route("GET", "/openapi.json", (200,))
DOCS = Route("GET", "/docs", (200,))

# What load balancers and orchestrators ask, without a token.
PROBES = (HEALTH_LIVE, HEALTH_READY, HEALTH_STARTUP, READY, LIVE, ACTUATOR_HEALTH)

ROUTES = (
    SIGN_UP,
    LOG_IN,
    LOG_OUT,
    REFRESH,
    RESET_REQUEST,
    RESET_CONFIRM,
    ME_READ,
    ME_CHANGE,
    ME_DELETE,
    PASSWORD_CHANGE,
    PREFERENCES_READ,
    PREFERENCES_WRITE,
    AVATAR_WRITE,
    AVATAR_DELETE,
    ME_EXPORT,
    USER_LIST,
    USER_CHANGE,
    PET_LIST,
    PET_CREATE,
    PETS_MINE,
    PET_IMPORT,
    PET_EXPORT,
    PET_READ,
    PET_CHANGE,
    PET_DELETE,
    DECK_READ,
    SWIPE_CREATE,
    SWIPE_LIST,
    SWIPE_UNDO,
    ADMIRER_LIST,
    ADMIRER_ANSWER,
    MATCH_LIST,
    MATCH_READ,
    MATCH_CHANGE,
    HOUSEHOLD_CREATE,
    HOUSEHOLD_JOIN,
    HOUSEHOLD_READ,
    HOUSEHOLD_MEMBERS,
    HOUSEHOLD_LEAVE,
    UPLOAD,
    NOTIFICATION_LIST,
    NOTIFICATION_READ,
    CHANNELS_READ,
    CHANNELS_WRITE,
    CHAT,
    SHELTER_LIST,
    SHELTER_WRITE,
    AUDIT_LIST,
    INFO,
    HEALTH_LIVE,
    HEALTH_READY,
    HEALTH_STARTUP,
    HEALTH_DEEP,
    READY,
    LIVE,
    ACTUATOR_HEALTH,
    ACTUATOR_INFO,
    OPENAPI,
    DOCS,
)


class Kind(StrEnum):
    """The Prometheus type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its closed set of values; `values=()` means bounded by `bound` instead."""

    name: str
    values: tuple[str, ...] = ()
    bound: str = ""

    def __post_init__(self) -> None:
        """Refuse a label whose number of values nobody has thought about."""
        if bool(self.values) == bool(self.bound):
            msg = f"label {self.name}: give either its closed set of values or what bounds them"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family as it is exposed: counters carry their `_total`."""

    name: str
    kind: Kind
    help: str
    unit: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a declaration that Prometheus or a reader would stumble over."""
        if (self.kind is Kind.COUNTER) != self.name.endswith("_total"):
            msg = f"{self.name}: a counter ends in _total, and only a counter does"
            raise ValueError(msg)
        if (self.kind is Kind.HISTOGRAM) != bool(self.buckets):
            msg = f"{self.name}: a histogram has bucket edges, and only a histogram does"
            raise ValueError(msg)
        if list(self.buckets) != sorted(set(self.buckets)):
            msg = f"{self.name}: bucket edges must rise"
            raise ValueError(msg)

    @property
    def label_names(self) -> tuple[str, ...]:
        """List the label names in the order in which instruments take their values."""
        return tuple(label.name for label in self.labels)

    @property
    def series(self) -> dict[str, tuple[str, ...]]:
        """Map each series name that a scrape shows to the label names it carries."""
        if self.kind is not Kind.HISTOGRAM:
            return {self.name: self.label_names}
        return {
            f"{self.name}_bucket": (*self.label_names, "le"),
            f"{self.name}_count": self.label_names,
            f"{self.name}_sum": self.label_names,
        }


def edge_label(edge: float) -> str:
    """Write a bucket edge as the exposition writes its `le` label, like `0.15` or `1.0`."""
    return repr(float(edge))


METHOD = Label(
    "http_request_method",
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER_METHOD),
)
ROUTE = Label("http_route", (*dict.fromkeys(r.template for r in ROUTES), UNMATCHED))
STATUS = Label(
    "http_response_status_code", bound="the statuses that the service sends, three digits"
)
ERROR_TYPE = Label("error_type", ("", "exception", "cancelled"))

# OpenTelemetry's advised edges, and 0.15 and 0.3, which the swipe objectives name.
HTTP_BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip

HTTP_DURATION = Metric(
    "http_server_request_duration_seconds",
    Kind.HISTOGRAM,
    "Time from the first byte of a request to the last byte of its answer.",
    "seconds",
    (METHOD, ROUTE, STATUS, ERROR_TYPE),
    HTTP_BUCKETS,
)
HTTP_ACTIVE = Metric(
    "http_server_active_requests",
    Kind.GAUGE,
    "Requests that are being answered now.",
    "requests",
    (METHOD,),
)
SIGN_UPS = Metric("petswipe_signups_total", Kind.COUNTER, "Accounts created.", "accounts")
LOG_INS = Metric(
    "petswipe_logins_total",
    Kind.COUNTER,
    "Log-in attempts by outcome.",
    "attempts",
    (Label("outcome", ("success", "failure")),),
)
SWIPES = Metric(
    "petswipe_swipes_total",
    Kind.COUNTER,
    "Swipes stored: counted after their commit, each swipe once however often it is sent.",
    "swipes",
    (Label("direction", ("like", "pass")),),
)
SWIPE_REPEATS = Metric(
    "petswipe_swipe_repeats_total",
    Kind.COUNTER,
    "Swipes that were stored before: sent again alike, or contradicting the first.",
    "swipes",
    (Label("outcome", ("same", "contradiction")),),
)
MATCHES = Metric("petswipe_matches_total", Kind.COUNTER, "Matches made.", "matches")
CACHE_REQUESTS = Metric(
    "petswipe_cache_requests_total",
    Kind.COUNTER,
    "Reads of a cache by result; an error is answered from PostgreSQL.",
    "reads",
    (Label("cache", ("deck",)), Label("result", ("hit", "miss", "error"))),
)
FAULTS = Metric(
    "petswipe_faults_injected_total",
    Kind.COUNTER,
    "Requests disturbed on purpose by PET_FAULT; never in production.",
    "requests",
    (Label("fault", ("errors", "slow")),),
)
BUILD_INFO = Metric(
    "petswipe_build_info",
    Kind.GAUGE,
    "Always 1; the labels say what is running.",
    "",
    (
        Label("version", bound="one value a process"),
        Label("revision", bound="one value a process"),
    ),
)

CHANNELS = ("in_app", "email", "sns", "webhook", "amqp")
TOPICS = ("account", "match", "household", "other")

OUTBOX_WAITING = Metric(
    "petswipe_outbox_waiting",
    Kind.GAUGE,
    "Events that are not delivered yet; every dispatcher shows the same number.",
    "events",
)
OUTBOX_OLDEST = Metric(
    "petswipe_outbox_oldest_seconds",
    Kind.GAUGE,
    "Age of the oldest event that is not delivered yet; 0 while none waits.",
    "seconds",
)
OUTBOX_DEAD = Metric(
    "petswipe_outbox_dead",
    Kind.GAUGE,
    "Events that were given up after too many attempts.",
    "events",
)
NOTIFICATIONS = Metric(
    "petswipe_notifications_total",
    Kind.COUNTER,
    "Attempts to deliver an event through a channel, by what became of them.",
    "attempts",
    (Label("channel", CHANNELS), Label("outcome", ("delivered", "retried", "dead"))),
)
NOTIFICATION_DELIVERY = Metric(
    "petswipe_notification_delivery_seconds",
    Kind.HISTOGRAM,
    "Time from the writing of an event to its delivery through every channel.",
    "seconds",
    (Label("topic", TOPICS),),
    (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0),
)

# What a worker of the API shows.
API_METRICS = (
    HTTP_DURATION,
    HTTP_ACTIVE,
    SIGN_UPS,
    LOG_INS,
    SWIPES,
    SWIPE_REPEATS,
    MATCHES,
    CACHE_REQUESTS,
    FAULTS,
    BUILD_INFO,
)
# What a dispatcher shows.
DISPATCH_METRICS = (
    OUTBOX_WAITING,
    OUTBOX_OLDEST,
    OUTBOX_DEAD,
    NOTIFICATIONS,
    NOTIFICATION_DELIVERY,
    BUILD_INFO,
)
METRICS = tuple(dict.fromkeys((*API_METRICS, *DISPATCH_METRICS)))

# Prometheus adds these to every series it scrapes.
TARGET_LABELS = ("job", "instance")
JOB = "petswipe-api"
DISPATCH_JOB = "petswipe-dispatcher"
