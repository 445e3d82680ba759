"""Dumps of a real PostgreSQL in a real S3 server, restored and counted."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts.exporters import BACKUP_SUCCESS
from app.commands.backup import METRIC, PREFIX, STAMP
from tests.app.commands.conftest import BEFORE, PG_DUMP, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.settings import Settings
    from tests.app.commands.conftest import Backup, Between, Outcome
    from tests.app.conftest import Command


def keys(bucket: tuple[Any, str]) -> list[str]:
    client, name = bucket
    return [item["Key"] for item in client.list_objects_v2(Bucket=name).get("Contents", ())]


async def count(address: str) -> dict[str, int]:
    """Count the rows of every table of a database."""
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        names = [row["tablename"] for row in tables]
        return {
            name: await connection.fetchval(f'SELECT count(*) FROM "{name}"')  # noqa: S608  # its own name
            for name in names
        }
    finally:
        await connection.close()


def assert_one_sentence(done: Outcome, textfile: Path, code: int, *words: str) -> None:
    assert (done.code, done.said) == (code, ""), done.complained
    assert done.complained.startswith("Error: ")
    assert done.complained.count("\n") == 1
    for word in words:
        assert word in done.complained
    assert textfile.read_text() == BEFORE


def test_what_is_stored_gives_every_row_back(
    settings: Settings,
    command: Command,
    backup: Backup,
    bucket: tuple[Any, str],
    textfile: Path,
    empty_database: str,
    tmp_path: Path,
) -> None:
    seeded = command("seed", "--pets=40", "--adopters=5", PET_SEED_PASSWORD="a long and good one")
    assert seeded.returncode == 0, seeded.stderr
    begun = time.time()
    done = backup()
    assert done.code == 0, done.complained
    (key,) = keys(bucket)
    assert re.fullmatch(r"backups/petswipe-\d{8}T\d{6}Z\.dump", key)
    dump = tmp_path / "dump"
    bucket[0].download_file(bucket[1], key, str(dump))
    assert done.said == f"{key}: {dump.stat().st_size} bytes in {bucket[1]}, 0 older deleted\n"
    address = empty_database.replace("+asyncpg", "")
    restored = subprocess.run(
        [PROGRAMS / "pg_restore", "--exit-on-error", "--no-owner", "-d", address, dump],
        check=False,
        capture_output=True,
        text=True,
    )
    assert restored.returncode == 0, restored.stderr
    wanted = asyncio.run(count(str(settings.database_url)))
    assert wanted["pets"] == 40
    assert asyncio.run(count(empty_database)) == wanted
    (family,) = text_string_to_metric_families(textfile.read_text())
    (sample,) = family.samples
    assert (sample.name, sample.labels) == (BACKUP_SUCCESS.name, {})
    assert begun <= sample.value <= time.time()
    assert BACKUP_SUCCESS.name == METRIC


def test_only_dumps_that_are_too_old_are_deleted(backup: Backup, bucket: tuple[Any, str]) -> None:
    client, name = bucket
    now = datetime.now(UTC)
    old, young = (f"{PREFIX}{now - timedelta(days=days):{STAMP}}" for days in (8, 6))
    others = ["backups/notes.txt", "backups/petswipe-by-hand.dump", "other"]
    for key in (old, young, *others):
        client.put_object(Bucket=name, Key=key, Body=b"x")
    done = backup("--keep-days=7")
    assert done.said.endswith("1 older deleted\n"), done.complained
    left = keys(bucket)
    assert old not in left
    assert {young, *others} < set(left)
    assert len(left) == len(others) + 2


def test_of_a_bucket_with_versions_no_version_of_an_old_dump_is_left(
    backup: Backup, bucket: tuple[Any, str]
) -> None:
    client, name = bucket
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    now = datetime.now(UTC)
    old, older = (f"{PREFIX}{now - timedelta(days=days):{STAMP}}" for days in (8, 9))
    for key in (old, older, older):
        client.put_object(Bucket=name, Key=key, Body=b"x")
    # As it was deleted once: a marker hides it, and its versions stay.
    client.delete_object(Bucket=name, Key=older)
    done = backup("--keep-days=7")
    assert done.said.endswith("2 older deleted\n"), done.complained
    left = client.list_object_versions(Bucket=name)
    assert len(left["Versions"]) == 1
    assert "DeleteMarkers" not in left


def test_a_dump_that_is_stored_counts_although_older_ones_cannot_be_deleted(
    backup: Backup, bucket: tuple[Any, str], textfile: Path, between: Between
) -> None:
    client, name = bucket
    old = f"{PREFIX}{datetime.now(UTC) - timedelta(days=8):{STAMP}}"
    client.put_object(Bucket=name, Key=old, Body=b"x")
    with between(lambda method, body: None if method == "DELETE" else body) as address:
        done = backup("--keep-days=7", PET_STORAGE_ENDPOINT=address)
    reason = f"the backup is stored, but older ones stay: {name}: DeleteObject is refused: 403"
    assert (done.code, done.said, done.complained) == (1, "", f"Error: {reason}\n")
    assert METRIC in textfile.read_text()
    assert len(keys(bucket)) == 2


def test_a_dump_that_is_stored_in_part_is_deleted(
    backup: Backup, bucket: tuple[Any, str], textfile: Path, between: Between
) -> None:
    bucket[0].put_bucket_versioning(Bucket=bucket[1], VersioningConfiguration={"Status": "Enabled"})
    with between(lambda method, body: body[:1] if method == "PUT" else body) as address:
        done = backup(PET_STORAGE_ENDPOINT=address)
    assert_one_sentence(done, textfile, 1, f"{bucket[1]} holds 1 of the ", "bytes of backups/")
    left = bucket[0].list_object_versions(Bucket=bucket[1])
    assert not {"Versions", "DeleteMarkers"} & set(left)


def test_the_password_is_on_no_command_line(
    settings: Settings,
    backup: Backup,
    tmp_path: Path,
) -> None:
    program, seen = tmp_path / "pg_dump", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\necho "$*" > {seen}\nexec {PG_DUMP} "$@"\n')
    program.chmod(0o755)
    done = backup("--pg-dump", str(program), PGSERVICE="elsewhere", PGHOST="elsewhere.invalid")
    assert done.code == 0, done.complained
    password = str(settings.database_url).partition("@")[0].rpartition(":")[2]
    assert "--no-password" in seen.read_text()
    assert password not in seen.read_text()


@pytest.mark.parametrize("wrong", ["password", "database", "port"])
def test_a_database_that_refuses_is_one_sentence_and_nothing_is_stored(
    settings: Settings,
    backup: Backup,
    bucket: tuple[Any, str],
    textfile: Path,
    free_port: int,
    wrong: str,
) -> None:
    right = str(settings.database_url)
    head, _, tail = right.partition("@")
    password, port = head.rpartition(":")[2], tail.partition(":")[2].partition("/")[0]
    address, word = {
        "password": (right.replace(password, "hunter2"), "password authentication failed"),
        "database": (f"{right.rpartition('/')[0]}/nowhere", 'database "nowhere" does not exist'),
        "port": (right.replace(port, str(free_port)), "Connection refused"),
    }[wrong]
    done = backup(PET_DATABASE_URL=address)
    assert_one_sentence(done, textfile, 1, "pg_dump: ", word)
    assert password not in done.complained
    assert "hunter2" not in done.complained
    assert keys(bucket) == []


@pytest.mark.parametrize(
    ("options", "given", "code", "word"),
    [
        (["--bucket=petswipe-media"], {}, 2, "everybody may read what is in petswipe-media"),
        (["--bucket=not-there-at-all"], {}, 1, "not-there-at-all: PutObject is refused: NoSuch"),
        (["--bucket=Not A Bucket"], {}, 2, "Not A Bucket is no name of a bucket"),
        (["--pg-dump=pg_dump-of-nobody"], {}, 2, "pg_dump-of-nobody is not to be found"),
        (["--pg-dump=/bin/false"], {}, 1, "pg_dump: it failed without a word"),
        (
            [],
            {"PET_STORAGE_ENDPOINT": "http://me:hunter2@127.0.0.1:1"},
            1,
            "the storage does not answer: EndpointConnectionError",
        ),
        (
            [],
            {
                "AWS_ACCESS_KEY_ID": "",
                "AWS_SECRET_ACCESS_KEY": "",
                "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
                "AWS_CONFIG_FILE": "/nowhere",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            2,
            "there are no AWS credentials",
        ),
    ],
    ids=[
        "public bucket",
        "no bucket",
        "no name",
        "no program",
        "silent program",
        "no storage",
        "no credentials",
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    backup: Backup,
    textfile: Path,
    options: list[str],
    given: dict[str, str],
    code: int,
    word: str,
) -> None:
    done = backup(*options, **given)
    assert_one_sentence(done, textfile, code, word)
    assert "hunter2" not in done.complained


def test_a_text_file_that_nobody_would_read_is_refused(
    backup: Backup, textfile: Path, tmp_path: Path
) -> None:
    done = backup("--textfile", str(tmp_path / "backup.txt"))
    assert_one_sentence(done, textfile, 2, "only what ends in .prom")


def test_a_text_file_that_cannot_be_written_is_said(
    backup: Backup, textfile: Path, tmp_path: Path
) -> None:
    done = backup("--textfile", str(tmp_path / "nowhere" / "backup.prom"))
    assert_one_sentence(done, textfile, 1, "is stored, but", "No such file or directory")


def test_whoever_ends_it_leaves_neither_dump_nor_child(
    environment: dict[str, str],
    s3: str,
    bucket: tuple[Any, str],
    textfile: Path,
    tmp_path: Path,
    wait_until: Callable[..., None],
    alive: Callable[[int], bool],
) -> None:
    program, child, scratch = tmp_path / "pg_dump", tmp_path / "pid", tmp_path / "scratch"
    scratch.mkdir()
    program.write_text(f"#!/bin/sh\necho $$ > {child}\nexec sleep 300\n")
    program.chmod(0o755)
    variables = {**environment, "PET_STORAGE_ENDPOINT": s3, "TMPDIR": str(scratch)}
    command = [sys.executable, "-m", "app", "backup", "--bucket", bucket[1]]
    command += ["--textfile", str(textfile), "--pg-dump", str(program)]
    with subprocess.Popen(command, env=variables) as process:
        wait_until(lambda: child.is_file() and child.read_text().endswith("\n"), "pg_dump runs")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    wait_until(lambda: not alive(int(child.read_text())), "pg_dump ends")
    assert list(scratch.iterdir()) == []
    assert textfile.read_text() == BEFORE
