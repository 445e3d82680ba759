"""Locust's own users on the same requests, as its documentation shows them: a locustfile.

They ask again as soon as they are answered, which is the most that they can send.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from locust import FastHttpUser, HttpUser, events, task

from app.telemetry.catalog import SWIPE_CREATE

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from locust.env import Environment

PET = "00000000-0000-4000-8000-000000000000"
HEADERS = {"Authorization": f"Bearer {'t' * 600}"}


class Stock(HttpUser):
    """Sends by requests."""

    @task
    def swipe(self) -> None:
        """Swipe once."""
        self.client.post(
            SWIPE_CREATE.template,
            json={"pet_id": PET, "liked": True},
            headers=HEADERS,
            name=SWIPE_CREATE.operation,
        )


class Fast(FastHttpUser):
    """Sends by geventhttpclient."""

    @task
    def swipe(self) -> None:
        """Swipe once."""
        self.client.post(
            SWIPE_CREATE.template,
            json={"pet_id": PET, "liked": True},
            headers=HEADERS,
            name=SWIPE_CREATE.operation,
        )


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Add where the figures go."""
    parser.add_argument("--figures", required=True)


@events.init.add_listener
def count(environment: Environment, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Write what was sent and used between the begin and the end, imports not included."""
    began: list[float] = []

    @environment.events.test_start.add_listener
    def start(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        began.extend((perf_counter(), process_time()))

    @environment.events.test_stop.add_listener
    def stop(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        total = environment.stats.total
        figures = {
            "seconds": perf_counter() - began[0],
            "cpu": process_time() - began[1],
            "sent": total.num_requests,
            "failed": total.num_failures,
            "milliseconds": [total.get_response_time_percentile(q) for q in (0.5, 0.95, 0.99)],
        }
        options = environment.parsed_options
        Path(options.figures if options else "figures.json").write_text(json.dumps(figures))
