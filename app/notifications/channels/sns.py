"""Amazon SNS, for whoever listens on the topic."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from app.notifications.events import Event

# boto3 waits in a thread, and waits are short.
THREADS = 4
CONFIG = Config(
    connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1}
)


class SnsChannel:
    """Publishes an event to one topic; a FIFO topic keeps each user's order."""

    name = "sns"

    def __init__(self, topic_arn: str, endpoint: str | None) -> None:
        """Take the topic; its region is in its name."""
        self._topic_arn = topic_arn
        self._endpoint = endpoint
        self._threads = ThreadPoolExecutor(THREADS, "sns")

    def wants(self, event: Event) -> bool:
        """Take all that is not about the account itself."""
        return not event.private and event.email is not None

    async def deliver(self, event: Event) -> None:
        """Publish it from a thread."""
        loop = asyncio.get_running_loop()
        publish = partial(self._publish, event)
        await loop.run_in_executor(self._threads, publish)

    async def aclose(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  # boto3 has no types
        region = self._topic_arn.split(":")[3]
        return boto3.client("sns", region, endpoint_url=self._endpoint, config=CONFIG)

    def _publish(self, event: Event) -> None:
        fifo: dict[str, str] = {}
        if self._topic_arn.endswith(".fifo"):
            fifo = {"MessageGroupId": str(event.user_id), "MessageDeduplicationId": str(event.id)}
        self._client.publish(
            TopicArn=self._topic_arn,
            Message=json.dumps({**event.document(), "user_id": str(event.user_id)}),
            MessageAttributes={
                "event_id": {"DataType": "String", "StringValue": str(event.id)},
                "kind": {"DataType": "String", "StringValue": event.kind},
            },
            **fifo,
        )
