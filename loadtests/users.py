"""Simulated people: each logs in, waits for all others, then follows a scenario."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import gevent
from locust import FastHttpUser, between, task
from locust.exception import StopUser

from loadtests.scenarios.swipe_hot_path import log_in, swipe_through_a_deck

if TYPE_CHECKING:
    from app.telemetry.model import Route
    from loadtests.plan import Plan


class Adopter(FastHttpUser):
    """Somebody who looks for a pet; people do not pick up their phones at the same instant."""

    # About how long a person looks at a picture.
    wait_time = between(0.5, 1.5)
    # All adopters log in at nearly the same time, and bcrypt makes them queue.
    network_timeout = 60.0
    connection_timeout = 10.0
    token = ""
    address = ""

    @property
    def plan(self) -> Plan:
        """Return what the locustfile has put on the environment."""
        return cast("Plan", self.environment.plan)

    def on_start(self) -> None:
        """Log in and wait until everybody has: hashing passwords is not what is measured."""
        email, self.address = self.plan.next_account()
        with self.plan.doors:
            refusal = log_in(self, email, self.plan.password)
        self.plan.arrive(refusal)
        if refusal is not None:
            raise StopUser
        self.plan.gate.wait()
        gevent.sleep(random.uniform(0, self.plan.arrival_seconds))  # noqa: S311  # no secret

    @task
    def swipe(self) -> None:
        """Follow the swipe hot path."""
        swipe_through_a_deck(self)

    def call(self, route: Route, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Send a request as this adopter; returns the body of a success, else None."""
        # A service that takes us for its proxy counts every adopter for himself; others ignore it.
        headers = {"X-Forwarded-For": self.address}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        response = self.client.request(
            route.method, route.template, name=route.operation, json=body, headers=headers
        )
        if response.status_code not in route.success:
            return None
        return cast("dict[str, Any]", response.json())
