"""Objects in S3, or in what speaks like it; boto3 waits in threads, never on the event loop."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable
from app.telemetry.catalog import SPAN_STORAGE
from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings import Settings
    from app.telemetry.instruments import ApiInstruments

LOG = logging.getLogger("app.storage")
THREADS = 4
# Two attempts of 7 s fit into the deadline of an upload.
CONNECT_SECONDS = 2
READ_SECONDS = 5
ATTEMPTS = 2
# A key is never used for another content.
FOREVER = "public, max-age=31536000, immutable"
# What boto3 raises when S3 is away, or refuses.
FAILURES = (BotoCoreError, ClientError)


def create_client(settings: Settings) -> Any:  # noqa: ANN401  # boto3 has no types
    """Build an S3 client, which takes a third of a second; nothing connects yet."""
    endpoint = settings.storage_endpoint
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=THREADS,
        # Nobody resolves `bucket.minio`.
        s3={"addressing_style": "path" if endpoint else "virtual"},
    )
    # The session that boto3 shares is not made for threads.
    return boto3.Session().client(
        "s3",
        settings.storage_region,
        endpoint_url=None if endpoint is None else str(endpoint),
        config=config,
    )


class Storage:
    """One bucket, written by a few threads of its own."""

    def __init__(self, settings: Settings, instruments: ApiInstruments) -> None:
        """Take the bucket; its client is made by the thread that needs it first."""
        self._settings = settings
        self._bucket = settings.storage_bucket
        self._base = _base(settings)
        self._seconds = instruments.storage_seconds
        self._threads = ThreadPoolExecutor(THREADS, "storage")
        self._lock = Lock()
        self._made: Any = None

    def url(self, key: str) -> str:
        """Return the address under which everybody can read an object."""
        return f"{self._base}/{key}"

    async def put(self, key: str, content: bytes, content_type: str) -> None:
        """Store an object under a new key; raises Unavailable when S3 does not take it."""
        job = self._threads.submit(self._put, key, content, content_type)
        try:
            with span(SPAN_STORAGE, Kind.CLIENT, {"aws.s3.operation": "put"}):
                await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            # The thread goes on, and nobody waits for what it stores.
            job.add_done_callback(lambda _: self.discard(key))
            raise
        except FAILURES as error:
            LOG.warning("an object could not be stored: %s", _reason(error))
            raise Unavailable("Pictures cannot be stored now; try again.") from error

    async def check(self) -> None:
        """Return when the bucket is there and answers; raises what boto3 raises when not."""
        await asyncio.wrap_future(self._threads.submit(self._head))

    def discard(self, key: str) -> None:
        """Delete an object soon, if that can be done; nobody waits for it."""
        # After the end of the process's work nothing is taken on.
        with suppress(RuntimeError):
            self._threads.submit(self._delete, key)

    def close(self) -> None:
        """Take nothing more on; what has begun is finished."""
        self._threads.shutdown(wait=False)

    def _put(self, key: str, content: bytes, content_type: str) -> None:
        with self._measured("put"):
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=content_type,
                CacheControl=FOREVER,
            )

    def _head(self) -> None:
        with self._measured("head"):
            self._client().head_bucket(Bucket=self._bucket)

    def _delete(self, key: str) -> None:
        try:
            with self._measured("delete"):
                self._client().delete_object(Bucket=self._bucket, Key=key)
        except FAILURES as error:
            LOG.warning("object %s stays, although nobody needs it: %s", key, _reason(error))

    @contextmanager
    def _measured(self, operation: str) -> Iterator[None]:
        begun, outcome = perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        finally:
            self._seconds[operation][outcome].observe(perf_counter() - begun)

    def _client(self) -> Any:  # noqa: ANN401  # boto3 has no types
        with self._lock:
            if self._made is None:
                self._made = create_client(self._settings)
            return self._made


def _base(settings: Settings) -> str:
    if settings.media_base_url is not None:
        return str(settings.media_base_url).rstrip("/")
    bucket = settings.storage_bucket
    if settings.storage_endpoint is not None:
        return f"{str(settings.storage_endpoint).rstrip('/')}/{bucket}"
    return f"https://{bucket}.s3.{settings.storage_region}.amazonaws.com"


def _reason(error: Exception) -> str:
    """Name what went wrong; the words of boto3 may hold addresses and keys."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "refused"))
    return type(error).__name__
