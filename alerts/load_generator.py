"""What a load generator tells Prometheus while it sends, declared once for it and its dashboard.

Its job has targets only while a load is sent, so that no alert may ask whether they are there.
"""

from __future__ import annotations

from app.telemetry.catalog import HTTP_BUCKETS
from app.telemetry.model import Kind, Label, Metric

LOAD = "load"
# A request waits for 10 s at most until it is sent, and 60 s for its answer. The objectives' edges
# are among those of the service.
LATENCY_BUCKETS = (*HTTP_BUCKETS, 30.0, 60.0)
# A run is not valid when more than one of a hundred is later than 50 ms.
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

SCENARIO = Label("scenario", bound="the one that is sent")
STEP = Label("step", bound="the steps of one plan")
OPERATION = Label("operation", bound="those of one scenario")
PROCESS = Label("process", bound="the processes of one generator")
PREPARING, IDLE, BUSY = "preparing", "idle", "busy"
STATE = Label("state", (PREPARING, IDLE, BUSY))


def _metric(
    name: str, kind: Kind, about: str, unit: str, labels: tuple[Label, ...], *edges: float
) -> Metric:
    # What a finished run was, in a textfile, begins with petswipe_load_ and has other labels.
    return Metric(f"petswipe_load_live_{name}", kind, about, unit, (SCENARIO, *labels), edges)


PLANNED_RATE = _metric(
    "planned_rate",
    Kind.GAUGE,
    "Requests a second that the plan asks for at this moment, 0 for steps that are not now.",
    "requests per second",
    (STEP,),
)
SENT = _metric("sent_requests_total", Kind.COUNTER, "Requests sent.", "requests", (STEP,))
DROPPED = _metric(
    "dropped_requests_total",
    Kind.COUNTER,
    "Planned requests that no session was free to send in time.",
    "requests",
    (STEP,),
)
FAILED = _metric(
    "failed_requests_total",
    Kind.COUNTER,
    "Requests sent that were answered by another status than success, or not at all.",
    "requests",
    (STEP, OPERATION),
)
LATENCY = _metric(
    "latency_seconds",
    Kind.HISTOGRAM,
    "Time from the planned start of a request to its answer; what failed is in no finite bucket.",
    "seconds",
    (STEP, OPERATION),
    *LATENCY_BUCKETS,
)
LAG = _metric(
    "lag_seconds",
    Kind.HISTOGRAM,
    "How much later than planned a request was sent because of the generator itself.",
    "seconds",
    (),
    *LAG_BUCKETS,
)
CPU = _metric(
    "cpu_seconds_total",
    Kind.COUNTER,
    "CPU time of a sending process; one core is one second a second.",
    "seconds",
    (PROCESS,),
)
SESSIONS = _metric("sessions", Kind.GAUGE, "Sessions by what they do.", "sessions", (STATE,))

METRICS = (PLANNED_RATE, SENT, DROPPED, FAILED, LATENCY, LAG, CPU, SESSIONS)
