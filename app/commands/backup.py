"""The command that stores a dump of the database where it outlives the database."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from sqlalchemy import make_url

from app.children import dies_with_parent
from app.settings import MisconfiguredError, load_settings
from app.storage import FAILURES, THREADS, create_client
from app.storage_commands import NO_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.settings import Settings

METRIC = "petswipe_backup_last_success_timestamp_seconds"
HELP = "When the last backup was stored and checked, in seconds since 1970."
PREFIX = "backups/petswipe-"
STAMP = "%Y%m%dT%H%M%SZ.dump"
SUFFIX = ".prom"
CONNECT_SECONDS = 10
# A dump that runs into the next day's has gone wrong.
DUMP_SECONDS = 6 * 3600
TERMINATED = 128 + signal.SIGTERM
# What libpq calls the parts of an address that SQLAlchemy has as a query.
TLS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


@click.command()
@click.option(
    "--bucket",
    default="petswipe-backups",
    show_default=True,
    help="Where dumps go, under backups/; never the bucket of pictures, which everybody may read.",
)
@click.option(
    "--keep-days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="Delete older dumps once a new one is stored.",
)
@click.option(
    "--textfile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write when this succeeded to a file that node_exporter's textfile collector reads.",
)
@click.option(
    "--pg-dump",
    "program",
    default="pg_dump",
    show_default=True,
    help="PostgreSQL's program, at least as new as the server.",
)
def backup(bucket: str, keep_days: int, textfile: Path | None, program: str) -> None:
    """Dump the database, store the dump in S3, check it there, and say when.

    Restore one into an empty database with `pg_restore --no-owner --no-comments --dbname=… FILE`.
    Whatever fails before the dump is stored leaves the text file as it was, so that an alert sees
    the age of the last good backup; old dumps that cannot be deleted are an error, and no reason to
    make a new one. Of a bucket with versions every version of an old dump is deleted.
    """
    settings = load_settings()
    if bucket == settings.storage_bucket:
        raise MisconfiguredError(f"--bucket: everybody may read what is in {bucket}: name another")
    if textfile is not None and textfile.suffix != SUFFIX:
        raise MisconfiguredError(f"--textfile: node_exporter reads only what ends in {SUFFIX}")
    found = shutil.which(program)
    if found is None:
        raise MisconfiguredError(f"--pg-dump: {program} is not to be found: install it, or name it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    begun = datetime.now(UTC)
    key = f"{PREFIX}{begun:{STAMP}}"
    with tempfile.TemporaryDirectory(prefix="petswipe-backup-") as folder, _one_sentence(bucket):
        dump = Path(folder, "dump")
        dump_database(found, settings, dump)
        client = create_client(settings)
        size = store(client, bucket, key, dump)
    if textfile is not None:
        tell(textfile, datetime.now(UTC))
    with _stored_all_the_same(), _one_sentence(bucket):
        expired = delete_older(client, bucket, begun - timedelta(days=keep_days))
    click.echo(f"{key}: {size} bytes in {bucket}, {expired} older deleted")


def dump_database(program: str, settings: Settings, dump: Path) -> None:
    """Write everything to a file in PostgreSQL's custom format; raises ClickException.

    The password travels by environment, because any user can read a command line.
    """
    command = [program, "--format=custom", "--no-password", f"--file={dump}"]
    try:
        done = subprocess.run(  # noqa: S603  # our own command
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=DUMP_SECONDS,
            env=_environment(settings),
            preexec_fn=dies_with_parent(signal.SIGTERM),  # no thread runs here
        )
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"pg_dump took longer than {DUMP_SECONDS} s") from None
    except OSError as error:
        raise click.ClickException(f"pg_dump cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        raise click.ClickException(f"pg_dump: {_reason(done.stderr)}")


def _reason(complaint: str) -> str:
    """Take the first error out of what PostgreSQL's programs write; it never has a password."""
    lines = [line for line in complaint.splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return next(iter([*errors, *lines]), "it failed without a word")


def _environment(settings: Settings) -> Mapping[str, str]:
    """Say to libpq what the address of the database says."""
    url = make_url(settings.database_url.unicode_string())
    given: dict[str, Any] = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGDATABASE": url.database,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGAPPNAME": "petswipe-backup",
        "PGCONNECT_TIMEOUT": CONNECT_SECONDS,
        **{name: url.query.get(key) for key, name in TLS.items()},
    }
    ours = {name: str(value) for name, value in given.items() if value is not None}
    # Settings of whoever runs this, like PGSERVICE, would lead elsewhere.
    others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**others, **ours, "LC_ALL": "C"}


def store(client: Any, bucket: str, key: str, dump: Path) -> int:  # noqa: ANN401  # boto3 has no types
    """Store a dump and return its size; raises ClickException when not all of it is there.

    What is too short is deleted: whoever restores takes the newest.
    """
    size = dump.stat().st_size
    with dump.open("rb") as file:
        client.upload_fileobj(file, bucket, key, Config=TransferConfig(max_concurrency=THREADS))
    head = client.head_object(Bucket=bucket, Key=key)
    stored = head["ContentLength"]
    if stored != size:
        version = {"VersionId": head["VersionId"]} if "VersionId" in head else {}
        with suppress(*FAILURES):  # the size is what matters
            client.delete_object(Bucket=bucket, Key=key, **version)
        raise click.ClickException(f"{bucket} holds {stored} of the {size} bytes of {key}")
    return size


def delete_older(client: Any, bucket: str, limit: datetime) -> int:  # noqa: ANN401  # boto3 has no types
    """Delete the dumps that were begun before a time; other objects stay. Returns how many."""
    oldest = f"{PREFIX}{limit:{STAMP}}"
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=PREFIX)
    # Markers are what deleting without a version leaves behind.
    found = [
        (item["Key"], item["VersionId"])
        for page in pages
        for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]
    # Times of one width sort like the moments that they name.
    expired = [one for one in found if len(one[0]) == len(oldest) and one[0] < oldest]
    for key, version in expired:
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)
    return len({key for key, _ in expired})


def tell(textfile: Path, when: datetime) -> None:
    """Show the time of this success, in one step; raises ClickException when that fails."""
    registry = CollectorRegistry()
    Gauge(METRIC, HELP, registry=registry).set(when.timestamp())
    try:
        write_to_textfile(str(textfile), registry)
    except OSError as error:
        reason = f"the backup is stored, but {textfile} cannot be written: {error.strerror}"
        raise click.ClickException(reason) from None


@contextmanager
def _stored_all_the_same() -> Iterator[None]:
    """Say of a failure that the backup itself is good."""
    try:
        yield
    except click.ClickException as error:
        reason = f"the backup is stored, but older ones stay: {error.message}"
        raise click.ClickException(reason) from None


@contextmanager
def _one_sentence(bucket: str) -> Iterator[None]:
    """Say in one sentence what the storage refuses; its own words may hold addresses and keys."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise click.ClickException(f"{bucket}: {error.operation_name} is refused: {code}") from None
    except NO_CREDENTIALS:
        reason = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role"
        raise MisconfiguredError(f"there are no AWS credentials: {reason}") from None
    except ParamValidationError:
        raise MisconfiguredError(f"--bucket: {bucket} is no name of a bucket") from None
    except BotoCoreError as error:
        reason = f"the storage does not answer: {type(error).__name__}"
        raise click.ClickException(reason) from None
