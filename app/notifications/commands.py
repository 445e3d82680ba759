"""The command that delivers events: dispatch."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import closing
from typing import TYPE_CHECKING

import click

from app.database import create_engine
from app.management import management
from app.notifications.addresses import AddressPolicy
from app.notifications.channels.amqp import AmqpChannel, Consumer
from app.notifications.channels.email import EmailChannel
from app.notifications.channels.in_app import InAppChannel
from app.notifications.channels.sns import SnsChannel
from app.notifications.channels.webhook import WebhookChannel
from app.notifications.delivery import Retries
from app.notifications.dispatcher import Dispatcher
from app.settings import Environment, MisconfiguredError, load_settings
from app.telemetry.catalog import DISPATCH_JOB
from app.telemetry.instruments import DispatchInstruments
from app.telemetry.logs import configure_logs
from app.telemetry.process import build_telemetry
from app.telemetry.runtime import measure_lag
from app.telemetry.sql import watch
from app.version import VERSION

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.events import Channel
    from app.settings import Settings
    from app.telemetry.tracing import Tracer

# They come out of the reserve of PET_CONNECTION_RESERVE, so they are few.
CONNECTIONS = 4
logger = logging.getLogger(__name__)


@click.command()
@click.option(
    "--management-port",
    default=9474,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Metrics of this dispatcher.",
)
@click.option(
    "--consume", is_flag=True, help="Deliver what other dispatchers have published to RabbitMQ."
)
def dispatch(management_port: int, consume: bool) -> None:
    """Deliver notifications until SIGTERM: in the app, by e-mail, webhook and SNS.

    Any number of dispatchers share the work. With PET_AMQP_URL they publish to RabbitMQ instead,
    and `dispatch --consume` delivers from there.
    """
    settings = load_settings()
    if consume and settings.amqp_url is None:
        raise MisconfiguredError("PET_AMQP_URL is not set: --consume needs the broker's address")
    instruments = DispatchInstruments(VERSION, settings.revision)
    with (
        closing(configure_logs(settings, DISPATCH_JOB)) as logs,
        closing(build_telemetry(settings, DISPATCH_JOB, instruments, logs)) as telemetry,
        management(settings, management_port, instruments.registry),
    ):
        telemetry.start()
        asyncio.run(_run(settings, instruments, telemetry.tracer, consume))


async def _run(
    settings: Settings, instruments: DispatchInstruments, tracer: Tracer, consume: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = create_engine(settings.model_copy(update={"pool_size": CONNECTIONS}))
    watch(engine, "primary", instruments.databases)
    lag = asyncio.create_task(measure_lag(instruments.loop_lag))
    retries = Retries(settings.dispatch_attempts, settings.dispatch_base_seconds)
    lease = settings.dispatch_lease_seconds
    runner: Dispatcher | Consumer
    if consume:
        channels = build_channels(settings, engine)
        url = str(settings.amqp_url)
        runner = Consumer(url, engine, channels, instruments, retries, lease, tracer)
    else:
        amqp = None if settings.amqp_url is None else str(settings.amqp_url)
        channels = build_channels(settings, engine) if amqp is None else [AmqpChannel(amqp)]
        runner = Dispatcher(engine, channels, instruments, retries, lease, tracer)
    try:
        await runner.run(stop)
    finally:
        lag.cancel()
        for channel in channels:
            await channel.aclose()
        await engine.dispose()


def build_channels(settings: Settings, engine: AsyncEngine) -> list[Channel]:
    """List the channels that are configured, the quick ones first.

    Raises MisconfiguredError when the mail server's address is none.
    """
    channels: list[Channel] = [InAppChannel(engine)]
    if settings.smtp_url is None:
        logger.warning("PET_SMTP_URL is not set: no e-mail is sent")
    else:
        url = settings.smtp_url.get_secret_value()
        reset_seconds = settings.reset_token_seconds
        channels.append(EmailChannel(engine, url, settings.mail_from, reset_seconds))
    if settings.sns_topic_arn is not None:
        endpoint = None if settings.sns_endpoint is None else str(settings.sns_endpoint)
        channels.append(SnsChannel(settings.sns_topic_arn, endpoint))
    if settings.feature_webhooks:
        policy = AddressPolicy(https_only=settings.environment is Environment.PRODUCTION)
        channels.append(WebhookChannel(policy, settings.webhook_timeout_seconds))
    return channels
