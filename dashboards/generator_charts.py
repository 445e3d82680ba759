"""Charts of what a load generator tells while it sends."""

from __future__ import annotations

from alerts import load_generator
from alerts.signal import Unit
from dashboards.charts import chart
from dashboards.model import Query
from dashboards.queries import mean, part, pick, quantile, rate, share, total

NO_LOAD = "No load is sent"
SENT_LATENCY = part(load_generator.LATENCY, "bucket")

PLANNED = chart(
    "load-test:planned",
    "Planned and achieved rate",
    "Requests in each second that the plan asks for, those that its generator sends, and "
    "those that no session was free to send. What is planned and neither sent nor dropped "
    "is late.",
    Unit.REQUESTS_PER_SECOND,
    Query(mean(pick(load_generator.PLANNED_RATE)), "planned"),
    Query(rate(pick(load_generator.SENT)), "sent"),
    Query(rate(pick(load_generator.DROPPED)), "dropped"),
    width=9,
    nothing=NO_LOAD,
)
PLANNED_BY_STEP = chart(
    "load-test:planned-by-step",
    "Planned and achieved rate by step of the plan",
    "Requests in each second that each step of the plan asks for, and those sent for it.",
    Unit.REQUESTS_PER_SECOND,
    Query(mean(pick(load_generator.PLANNED_RATE), "step"), "planned {{step}}"),
    Query(rate(pick(load_generator.SENT), "step"), "sent {{step}}"),
    width=9,
    nothing=NO_LOAD,
)
LATENCY_BY_STEP = chart(
    "load-test:sent-latency-by-step",
    "Latency by step of the plan, as its people see it",
    "95 % and 99 % of the requests of each step were answered in no longer, counted from "
    "when they were planned. One that failed was never answered: it is drawn as the "
    "greatest time that is counted, 60 s.",
    Unit.SECONDS,
    Query(quantile(0.95, SENT_LATENCY, "step"), "p95 {{step}}"),
    Query(quantile(0.99, SENT_LATENCY, "step"), "p99 {{step}}"),
    nothing=NO_LOAD,
)
LATENCY_BY_OPERATION = chart(
    "load-test:sent-latency-by-operation",
    "Latency by operation, as its people see it",
    "95 % of the requests of each operation were answered in no longer, counted likewise.",
    Unit.SECONDS,
    Query(quantile(0.95, SENT_LATENCY, "operation"), "p95 {{operation}}"),
    nothing=NO_LOAD,
)
FAILED_BY_STEP = chart(
    "load-test:failed",
    "Failed requests by step of the plan",
    "The share of requests sent that were answered by another status than success, or not at all.",
    Unit.SHARE,
    Query(share(pick(load_generator.FAILED), pick(load_generator.SENT), "step"), "{{step}}"),
    high=None,
    width=8,
    nothing=NO_LOAD,
)
LAG = chart(
    "load-test:lag",
    "Generator lag",
    "Half and 99 % of the requests were sent no later than this because of the generator "
    "itself. Past the limit that the report names, the run is not valid.",
    Unit.SECONDS,
    Query(quantile(0.5, part(load_generator.LAG, "bucket")), "p50"),
    Query(quantile(0.99, part(load_generator.LAG, "bucket")), "p99"),
    width=8,
    nothing=NO_LOAD,
)
CPU = chart(
    "load-test:generator-cpu",
    "Generator CPU",
    "Cores that each sending process keeps busy; it can use one, and is late near that.",
    Unit.NUMBER,
    Query(rate(pick(load_generator.CPU), "process"), "process {{process}}"),
    width=8,
    nothing=NO_LOAD,
)
SESSIONS = chart(
    "load-test:sessions",
    "Sessions",
    "Sessions of the generator by what they do. When none is idle, requests wait for one "
    "and are dropped in the end.",
    Unit.COUNT,
    Query(total(pick(load_generator.SESSIONS), "state"), "{{state}}"),
    width=8,
    stacked=True,
    nothing=NO_LOAD,
)
