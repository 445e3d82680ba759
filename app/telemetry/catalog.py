"""Everything the service emits, declared once: routes, metrics, label sets, bucket edges.

The kit (slo, alerts, dashboards, loadtests) sees this module of `app` and no other, so it imports
the standard library only. A name that is not here does not exist: selectors refuse it.
"""

from __future__ import annotations

from app.telemetry.model import OVERFLOW, Kind, Label, Metric, Route, Use

UNMATCHED = "_unmatched"
OTHER_METHOD = "_OTHER"

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
# They hash a password or move a file, and take as long as that.
PATIENT = (
    SIGN_UP,
    LOG_IN,
    RESET_CONFIRM,
    PASSWORD_CHANGE,
    ME_EXPORT,
    PET_EXPORT,
    PET_IMPORT,
    UPLOAD,
    AVATAR_WRITE,
)
# What has objectives of its own.
PROMISED = (SWIPE_CREATE, DECK_READ, LOG_IN, UPLOAD)

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


# What Prometheus calls a process of the API, and one that delivers events.
JOB = "petswipe-api"
DISPATCH_JOB = "petswipe-dispatcher"
# Prometheus adds these to every series that it scrapes.
TARGET_LABELS = ("job", "instance")
# Series that one process may show; more would make scrapes slow and dashboards heavy.
SERIES_BUDGET = 4_000

METHOD = Label(
    "http_request_method",
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER_METHOD),
)
ROUTE = Label("http_route", (*dict.fromkeys(r.template for r in ROUTES), UNMATCHED, OVERFLOW))
STATUS = Label(
    "http_response_status_code",
    bound="the statuses that the service sends, three digits; empty when nothing was sent, "
    "`_overflow` past the budget",
)
# What made a request fail that the status alone may not show: it is sent before the body.
EXCEPTION, TIMEOUT, CANCELLED, ANSWERED = "exception", "timeout", "cancelled", "error"
DISCONNECTED, MALFORMED = "client_disconnected", "malformed"
# Ours; the others are the client's.
FAILURES = (ANSWERED, CANCELLED, EXCEPTION, TIMEOUT)
ERROR_TYPE = Label("error_type", ("", *FAILURES, DISCONNECTED, MALFORMED))

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
    (Use.SLO, Use.ALERT, Use.PANEL),
)
STREAMED = (ME_EXPORT, PET_EXPORT)
# Every combination of route and status cannot be 0 from the start; what counts failures must be.
HTTP_FAILURES = Metric(
    "http_server_failures_total",
    Kind.COUNTER,
    "Requests that failed by our fault; those of probes are not counted.",
    "requests",
    (Label("error_type", FAILURES),),
    uses=(Use.ALERT, Use.PANEL),
)
HTTP_FIRST_BYTE = Metric(
    "http_server_first_byte_seconds",
    Kind.HISTOGRAM,
    "Time to the first byte of an answer that is sent in pieces.",
    "seconds",
    (Label("http_route", tuple(route.template for route in STREAMED)),),
    (0.01, 0.05, 0.1, 0.3, 1.0, 5.0),
    (Use.DEBUG,),
)
HTTP_ACTIVE = Metric(
    "http_server_active_requests",
    Kind.GAUGE,
    "Requests that are being answered now.",
    "requests",
    (METHOD,),
)

# Databases, in the words of OpenTelemetry's conventions.
# A connection that nobody got.
CONNECT = "CONNECT"
DB_OPERATIONS = {
    "postgresql": ("SELECT", "INSERT", "UPDATE", "DELETE", CONNECT),
    "redis": ("GET", "SET", "DEL", "HGETALL", "EVAL", "EVALSHA", "PING", "PIPELINE"),
}
DB_SYSTEM = Label("db_system_name", tuple(DB_OPERATIONS))
DB_OPERATION = Label(
    "db_operation_name", (*(name for names in DB_OPERATIONS.values() for name in names), OVERFLOW)
)
DB_ERROR = Label("error_type", ("", "refused", "timeout", "unavailable"))
DB_DURATION = Metric(
    "db_client_operation_duration_seconds",
    Kind.HISTOGRAM,
    "Time of a statement or a cache command, the way there and back included.",
    "seconds",
    (DB_SYSTEM, DB_OPERATION, DB_ERROR),
    (0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0),
    (Use.ALERT, Use.PANEL),
)
POOL = Label("db_client_connection_pool_name", ("primary", "replica"))
POOL_CONNECTIONS = Metric(
    "db_client_connection_count",
    Kind.GAUGE,
    "Connections of a pool by what they are doing.",
    "connections",
    (POOL, Label("db_client_connection_state", ("idle", "used"))),
    uses=(Use.ALERT, Use.PANEL),
)
POOL_MAX = Metric(
    "db_client_connection_max",
    Kind.GAUGE,
    "Connections that a pool may have.",
    "connections",
    (POOL,),
    uses=(Use.ALERT, Use.PANEL),
)
POOL_PENDING = Metric(
    "db_client_connection_pending_requests",
    Kind.GAUGE,
    "Requests that wait for a connection now.",
    "requests",
    (POOL,),
)
POOL_WAIT = Metric(
    "db_client_connection_wait_time_seconds",
    Kind.HISTOGRAM,
    "Time that somebody waited for a connection, a new one's opening included.",
    "seconds",
    (POOL,),
    (0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0),
)
POOL_TIMEOUTS = Metric(
    "db_client_connection_timeouts_total",
    Kind.COUNTER,
    "Waits for a connection that were given up, by the pool or by whoever waited.",
    "waits",
    (POOL,),
    uses=(Use.ALERT, Use.PANEL),
)

CACHES = ("deck", "household", "pet", "session")
CACHE_REQUESTS = Metric(
    "petswipe_cache_requests_total",
    Kind.COUNTER,
    "Reads of a cache by result; an error is answered from PostgreSQL.",
    "reads",
    (Label("cache", CACHES), Label("result", ("hit", "miss", "error"))),
    uses=(Use.ALERT, Use.PANEL),
)

# What adopters and shelters do.
SIGN_UPS = Metric("petswipe_signups_total", Kind.COUNTER, "Accounts created.", "accounts")
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
COMMIT_QUEUED = Metric(
    "petswipe_group_commit_queued",
    Kind.GAUGE,
    "Swipes that wait for the next batch.",
    "swipes",
)
COMMIT_BATCH = Metric(
    "petswipe_group_commit_batch_size",
    Kind.HISTOGRAM,
    "Swipes that one statement has stored.",
    "swipes",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
COMMIT_WAIT = Metric(
    "petswipe_group_commit_wait_seconds",
    Kind.HISTOGRAM,
    "Time that a swipe waits until its batch is sent.",
    "seconds",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)
COMMIT_SHED = Metric(
    "petswipe_group_commit_shed_total",
    Kind.COUNTER,
    "Swipes refused with 503 because too many were waiting.",
    "swipes",
    uses=(Use.ALERT, Use.PANEL),
)
MATCHES = Metric("petswipe_matches_total", Kind.COUNTER, "Matches made.", "matches")
MATCH_CHANGES = Metric(
    "petswipe_match_changes_total",
    Kind.COUNTER,
    "Matches moved on by a party; a completed one is an adoption.",
    "matches",
    (Label("status", ("accepted", "declined", "completed")),),
)
SPECIES = ("dog", "cat", "rabbit", "guinea_pig", "bird")
PETS_LISTED = Metric(
    "petswipe_pets_listed_total",
    Kind.COUNTER,
    "Pets offered for adoption, one by one or by a file.",
    "pets",
    (Label("pet_type", SPECIES),),
)
UPLOADS = Metric(
    "petswipe_uploads_total",
    Kind.COUNTER,
    "Pictures sent, by what they were for and what became of them.",
    "pictures",
    (Label("purpose", ("pet", "avatar")), Label("outcome", ("stored", "refused", "failed"))),
)
DECK_BUILDS = Metric(
    "petswipe_deck_build_seconds",
    Kind.HISTOGRAM,
    "Time to draw a deck from PostgreSQL after a miss.",
    "seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
STORAGE_DURATION = Metric(
    "petswipe_storage_request_seconds",
    Kind.HISTOGRAM,
    "Time of a request to the object storage, retries included.",
    "seconds",
    (Label("operation", ("put", "delete", "head")), Label("outcome", ("done", "failed"))),
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0),
)
REMOTE_DURATION = Metric(
    "petswipe_remote_request_seconds",
    Kind.HISTOGRAM,
    "Time of a request to a service of others.",
    "seconds",
    (Label("service", ("gemini", "yelp")), Label("outcome", ("done", "failed"))),
    (0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)

# Who is let in, and who is not.
LOG_INS = Metric(
    "petswipe_logins_total",
    Kind.COUNTER,
    "Log-in attempts by outcome.",
    "attempts",
    (Label("outcome", ("success", "failure", "throttled")),),
    uses=(Use.ALERT, Use.PANEL),
)
REFRESHES = Metric(
    "petswipe_token_refreshes_total",
    Kind.COUNTER,
    "Uses of a refresh token; reuse means that it is in two hands, and its session has ended.",
    "uses",
    (Label("outcome", ("success", "refused", "reuse")),),
    uses=(Use.ALERT, Use.PANEL),
)
TOKENS_REFUSED = Metric(
    "petswipe_tokens_refused_total",
    Kind.COUNTER,
    "Requests with an access token that is no good, or with one whose session has ended.",
    "requests",
    (Label("reason", ("invalid", "ended")),),
)
PASSWORD_RESETS = Metric(
    "petswipe_password_resets_total",
    Kind.COUNTER,
    "Passwords reset by e-mail: asked for, and carried out.",
    "resets",
    (Label("step", ("requested", "confirmed")),),
)
RATE_LIMITED = Metric(
    "petswipe_rate_limit_requests_total",
    Kind.COUNTER,
    "Requests counted against a limit, by whether it let them pass.",
    "requests",
    (Label("policy", ("anonymous", "ip", "user")), Label("outcome", ("admitted", "refused"))),
    uses=(Use.ALERT, Use.PANEL),
)
RATE_FALLBACKS = Metric(
    "petswipe_rate_limit_fallbacks_total",
    Kind.COUNTER,
    "Requests that a process counted alone, because Valkey did not answer.",
    "requests",
)
IDEMPOTENCY = Metric(
    "petswipe_idempotency_requests_total",
    Kind.COUNTER,
    "Requests with an Idempotency-Key, by what the key was worth.",
    "requests",
    (Label("outcome", ("first", "replayed", "mismatch", "running")),),
)

# The share of good events that each service level promises.
OBJECTIVES = {
    "swipe-availability": "0.9995",
    "swipe-latency": "0.95",
    "swipe-latency-p99": "0.99",
    "deck-availability": "0.9995",
    "deck-latency": "0.95",
    "login-availability": "0.999",
    "upload-availability": "0.995",
    "notification-freshness": "0.99",
    "api-availability": "0.9995",
}
SLO_OBJECTIVE = Metric(
    "petswipe_slo_objective_ratio",
    Kind.GAUGE,
    "Share of good events that this service level promises.",
    "ratio",
    (Label("slo", tuple(OBJECTIVES)),),
)

# The process, and what is told about it.
LOOP_LAG = Metric(
    "petswipe_event_loop_lag_seconds",
    Kind.HISTOGRAM,
    "How late the event loop runs what is due: everybody waits for as long.",
    "seconds",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
    uses=(Use.ALERT, Use.PANEL),
)
FAULTS = Metric(
    "petswipe_faults_injected_total",
    Kind.COUNTER,
    "Requests disturbed on purpose by PET_FAULT; never in production.",
    "requests",
    (Label("fault", ("errors", "slow")),),
    uses=(Use.DEBUG,),
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
SPANS_STARTED = Metric(
    "petswipe_telemetry_spans_started_total",
    Kind.COUNTER,
    "Spans recorded; each is exported, dropped, or still queued.",
    "spans",
)
SPANS_EXPORTED = Metric(
    "petswipe_telemetry_spans_exported_total",
    Kind.COUNTER,
    "Spans that the collector has taken.",
    "spans",
)
SPAN_DROPS = (
    "unsampled", "trace_full", "evicted", "queue_full", "refused", "invalid", "shutdown",
)  # fmt: skip
SPANS_DROPPED = Metric(
    "petswipe_telemetry_spans_dropped_total",
    Kind.COUNTER,
    "Spans that were not exported; `unsampled` is on purpose, everything else a loss.",
    "spans",
    (Label("reason", SPAN_DROPS),),
    uses=(Use.ALERT, Use.PANEL),
)
SPANS_QUEUED = Metric(
    "petswipe_telemetry_spans_queued",
    Kind.GAUGE,
    "Spans that wait for the collector.",
    "spans",
)
LOG_LINES = Metric(
    "petswipe_telemetry_log_lines_total",
    Kind.COUNTER,
    "Log lines, written or dropped; those for a collector too once more, exported or not.",
    "lines",
    (Label("outcome", ("written", "dropped", "exported", "export_dropped")),),
    uses=(Use.ALERT, Use.PANEL),
)
# A value that nobody declared is a fault of ours; too many label sets of requests are a stranger's.
UNDECLARED, CROWDED = "undeclared", "crowded"
OVERFLOWS = Metric(
    "petswipe_telemetry_label_overflows_total",
    Kind.COUNTER,
    "Measurements whose label values were replaced by `_overflow`.",
    "measurements",
    (Label("reason", (UNDECLARED, CROWDED)),),
    uses=(Use.ALERT, Use.PANEL),
)

# Delivering events.
BROKER = "amqp"
CHANNELS = ("in_app", "email", "sns", "webhook", BROKER)
TOPIC_MATCH = "match"
TOPIC = Label("topic", ("account", TOPIC_MATCH, "household", "other"))
DELIVERED, GIVEN_UP = "delivered", "given_up"
DELIVERY_OUTCOME = Label("outcome", (DELIVERED, GIVEN_UP))
OUTBOX_WAITING = Metric(
    "petswipe_outbox_waiting",
    Kind.GAUGE,
    "Events that are not delivered yet; every dispatcher shows the same number.",
    "events",
    uses=(Use.ALERT, Use.PANEL),
)
OUTBOX_OLDEST = Metric(
    "petswipe_outbox_oldest_seconds",
    Kind.GAUGE,
    "Age of the oldest event that is not delivered yet; 0 while none waits.",
    "seconds",
    uses=(Use.ALERT, Use.PANEL),
)
OUTBOX_DEAD = Metric(
    "petswipe_outbox_dead",
    Kind.GAUGE,
    "Events that were given up after too many attempts.",
    "events",
    uses=(Use.ALERT, Use.PANEL),
)
ACTIVE_SESSIONS = Metric(
    "petswipe_active_sessions",
    Kind.GAUGE,
    "Sessions used within five minutes; every dispatcher shows the same number.",
    "sessions",
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
    "Time from the writing of an event to its end: every channel has it, or it was given up.",
    "seconds",
    (TOPIC, DELIVERY_OUTCOME),
    (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0),
    (Use.SLO, Use.PANEL),
)

# What every process shows.
PROCESS_METRICS = (
    BUILD_INFO,
    LOOP_LAG,
    DB_DURATION,
    POOL_CONNECTIONS,
    POOL_MAX,
    POOL_PENDING,
    POOL_WAIT,
    POOL_TIMEOUTS,
    SPANS_STARTED,
    SPANS_EXPORTED,
    SPANS_DROPPED,
    SPANS_QUEUED,
    LOG_LINES,
    OVERFLOWS,
)
# What a worker of the API shows.
API_METRICS = (
    *PROCESS_METRICS,
    HTTP_DURATION,
    HTTP_FAILURES,
    HTTP_FIRST_BYTE,
    HTTP_ACTIVE,
    CACHE_REQUESTS,
    SIGN_UPS,
    SWIPES,
    SWIPE_REPEATS,
    COMMIT_QUEUED,
    COMMIT_BATCH,
    COMMIT_WAIT,
    COMMIT_SHED,
    MATCHES,
    MATCH_CHANGES,
    PETS_LISTED,
    UPLOADS,
    DECK_BUILDS,
    STORAGE_DURATION,
    REMOTE_DURATION,
    LOG_INS,
    REFRESHES,
    TOKENS_REFUSED,
    PASSWORD_RESETS,
    RATE_LIMITED,
    RATE_FALLBACKS,
    IDEMPOTENCY,
    SLO_OBJECTIVE,
    FAULTS,
)
# What a dispatcher shows.
DISPATCH_METRICS = (
    *PROCESS_METRICS,
    OUTBOX_WAITING,
    OUTBOX_OLDEST,
    OUTBOX_DEAD,
    ACTIVE_SESSIONS,
    NOTIFICATIONS,
    NOTIFICATION_DELIVERY,
)
METRICS = tuple(dict.fromkeys((*API_METRICS, *DISPATCH_METRICS)))

# Pieces of work that have a span of their own, besides statements and cache commands.
SPAN_COMMIT = "COMMIT"
SPAN_DECK_BUILD = "deck.build"
SPAN_HASH = "password.hash"
SPAN_MATCH = "match.answer"
SPAN_PICTURE = "picture.rewrite"
SPAN_STORAGE = "s3.request"
SPAN_SWIPE = "swipe.store"
SPAN_EVENT = "event.deliver"
SPAN_CHANNEL = "channel.send"
