"""What the requests and deliveries look like that our own objectives are about.

Everything here is typed: nothing comes from the code that renders rules or rehearsals.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """One objective: what it promises, of which requests."""

    id: str
    title: str
    objective: str
    method: str
    route: str
    # Its number on the dashboard is part of links that people have saved.
    panel: int
    # Of a promise about time: the edge up to which an answer is good.
    edge: str = ""

    @property
    def name(self) -> str:
        return self.title.title().replace(" ", "")

    @property
    def of_events(self) -> bool:
        return (self.method, self.route) == NEWS

    @property
    def limits(self) -> dict[str, str]:
        return LIMITS[self.objective]

    @property
    def identity(self) -> dict[str, str]:
        return {
            "sloth_id": f"petswipe-{self.id}",
            "sloth_service": "petswipe",
            "sloth_slo": self.id,
        }


# 14.4 and 6 times the budget.
LIMITS = {
    "99.95 %": {"fast": "0.72 %", "slow": "0.3 %"},
    "99.9 %": {"fast": "1.44 %", "slow": "0.6 %"},
    "99.5 %": {"fast": "7.2 %", "slow": "3 %"},
    "99 %": {"fast": "14.4 %", "slow": "6 %"},
    "95 %": {"fast": "72 %", "slow": "30 %"},
}
SWIPE, DECK = ("POST", "/api/swipes"), ("GET", "/api/deck")
# Any route of the API will do for what is about all of them, one that few people use above all.
ANY = ("GET", "/api/shelters")
# No requests: the news of a match, which dispatchers deliver.
NEWS = ("", "match")
LOGIN, UPLOAD = ("POST", "/api/auth/login"), ("POST", "/api/upload")
SERVICES = {
    service.id: service
    for service in (
        Service("swipe-availability", "Swipe availability", "99.95 %", *SWIPE, 418283),
        Service("swipe-latency", "Swipe latency", "95 %", *SWIPE, 333342, "0.15"),
        Service("swipe-latency-p99", "Swipe latency p99", "99 %", *SWIPE, 777399, "0.3"),
        Service("deck-availability", "Deck availability", "99.95 %", *DECK, 222107),
        Service("deck-latency", "Deck latency", "95 %", *DECK, 311629, "0.15"),
        Service("login-availability", "Login availability", "99.9 %", *LOGIN, 386315),
        Service("upload-availability", "Upload availability", "99.5 %", *UPLOAD, 716662),
        Service("notification-freshness", "Notification freshness", "99 %", *NEWS, 341054, "60.0"),
        Service("api-availability", "API availability", "99.95 %", *ANY, 162927),
    )
}


def series(service: Service, healthy: int, failing: int) -> list[dict[str, str]]:
    """Answer the requests that an objective is about; slow ones are its bad ones, or failed."""
    success = "201" if service.method == "POST" else "200"
    good = f"0+1000x{healthy} {1000 * healthy}+0x{failing - 1}" if failing else f"0+1000x{healthy}"
    bad = f"0+0x{healthy} 1000+1000x{failing - 1}" if failing else f"0+0x{healthy}"
    every = f"0+1000x{healthy + failing}"
    if service.of_events:
        # The bad ones were given up, all of them soon: that is no delivery in time.
        ends = {"delivered": good, "given_up": bad}
        return [
            one
            for end, values in ends.items()
            for one in (
                event("count", values, outcome=end),
                event("bucket", values, outcome=end, le=service.edge),
            )
        ]
    if not service.edge:
        return [http(service, "count", good, success), http(service, "count", bad, "500")]
    return [
        http(service, "count", every, success),
        http(service, "bucket", good, success, le=service.edge),
    ]


def decoys(service: Service) -> list[dict[str, str]]:
    """Let everything fail, and be slow, that is not what the objective is about."""
    every, nothing = "0+1000x120", "0+0x120"
    if service.of_events:
        others: tuple[dict[str, str], ...] = ({"job": "another-job"}, {"topic": "account"})
        return [
            one
            for changes in others
            for one in (
                event("count", every, **changes),
                event("bucket", nothing, le="60.0", **changes),
            )
        ]
    found = []
    for changes in others_of(service):
        for status in ("200", "500"):
            found += [
                http(service, "count", every, status, **changes),
                http(service, "bucket", nothing, status, le=service.edge or "0.15", **changes),
            ]
    if service.edge:
        # What failed is not late: it is the other objective's.
        found += [
            http(service, "count", every, "503"),
            http(service, "bucket", nothing, "503", le=service.edge),
        ]
    return found


def others_of(service: Service) -> tuple[dict[str, str], ...]:
    """Change a label so that a request is none of the objective's."""
    if (service.method, service.route) == ANY:
        routes = ("/health", "/health/deep", "/docs", "_unmatched")
        return ({"job": "another-job"}, *({"http_route": route} for route in routes))
    other = {"GET": "POST", "POST": "GET"}[service.method]
    return (
        {"job": "another-job"},
        {"http_request_method": other},
        {"http_route": "/api/pets"},
    )


def event(part: str, values: str, **changes: str) -> dict[str, str]:
    labels = {"job": "petswipe-dispatcher", "instance": "d:9474", "topic": "match", **changes}
    return {
        "series": name(f"petswipe_notification_delivery_seconds_{part}", labels),
        "values": values,
    }


def http(service: Service, part: str, values: str, status: str, **changes: str) -> dict[str, str]:
    labels = {
        "job": "petswipe-api",
        "instance": "api:9100",
        "http_request_method": service.method,
        "http_route": service.route,
        "http_response_status_code": status,
        "error_type": "error" if status.startswith("5") else "",
        **changes,
    }
    return {
        "series": name(f"http_server_request_duration_seconds_{part}", labels),
        "values": values,
    }


def name(series: str, labels: dict[str, str]) -> str:
    return series + "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"
