"""Events on a topic, as a queue that listens to it receives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from app.local.ports import HOST
from app.local.s3 import prepare_s3
from app.local.supervisor import Supervisor
from app.notifications.channels.sns import SnsChannel
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.notifications.events import Event
    from tests.app.conftest import OpenFolder

pytestmark = pytest.mark.anyio

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def aws(open_folder: OpenFolder, port: int) -> Iterator[str]:
    """Address of moto's server, which speaks SNS and SQS as well as S3."""
    with open_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        supervisor = Supervisor(folder, Stop())
        try:
            supervisor.start(prepare_s3(port))
            yield f"http://{HOST}:{port}"
        finally:
            supervisor.stop_all()


def listen(url: str, name: str) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """Make a topic and a queue on it; returns the topic and what reads the queue."""
    sns = boto3.client("sns", REGION, endpoint_url=url)
    sqs = boto3.client("sqs", REGION, endpoint_url=url)
    fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    topic = sns.create_topic(Name=name, Attributes={"FifoTopic": "true"} if fifo else {})[
        "TopicArn"
    ]
    queue = sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    def read() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])
        return [
            {**json.loads(message["Body"]), **message["Attributes"]}
            for message in answer.get("Messages", [])
        ]

    return topic, read


async def test_an_event_reaches_whoever_listens_on_the_topic(
    aws: str, event: Callable[..., Event]
) -> None:
    topic, read = listen(aws, "pets")
    channel = SnsChannel(topic, aws)
    sent = event()
    await channel.deliver(sent)
    (received,) = read()
    assert json.loads(received["Message"]) == {
        "id": str(sent.id),
        "kind": "match.created",
        "created_at": sent.created_at.isoformat(),
        "data": {"pet_name": "Rex"},
        "user_id": str(sent.user_id),
    }
    assert received["MessageAttributes"] == {
        "event_id": {"Type": "String", "Value": str(sent.id)},
        "kind": {"Type": "String", "Value": "match.created"},
    }
    await channel.aclose()


async def test_a_fifo_topic_keeps_the_order_of_each_user_and_knows_a_copy(
    aws: str, event: Callable[..., Event]
) -> None:
    topic, read = listen(aws, "pets.fifo")
    channel = SnsChannel(topic, aws)
    sent = event()
    await channel.deliver(sent)
    (received,) = read()
    assert received["MessageGroupId"] == str(sent.user_id)
    assert received["MessageDeduplicationId"] == str(sent.id)
    await channel.aclose()


async def test_a_topic_that_is_not_there_is_an_error(aws: str, event: Callable[..., Event]) -> None:
    channel = SnsChannel(f"arn:aws:sns:{REGION}:123456789012:nowhere", aws)
    with pytest.raises(Exception, match="NotFound"):
        await channel.deliver(event())
    await channel.aclose()


async def test_sns_wants_what_is_not_about_the_account(event: Callable[..., Event]) -> None:
    channel = SnsChannel(f"arn:aws:sns:{REGION}:123456789012:pets", None)
    assert channel.wants(event(email_wanted=False))
    assert not channel.wants(event(kind="password.reset"))
    assert not channel.wants(event(email=None))
    await channel.aclose()
