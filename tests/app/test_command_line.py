from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from app.__main__ import COMMANDS, main
from app.database import create_engine, migrated_to
from app.migrations.revisions import head_revision
from app.seed.adopters import adopter_email
from app.seed.catalogue import DOMAIN
from app.settings import load_settings
from app.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from app.settings import Settings
    from tests.app.conftest import Command

SECRET = "hunter2-and-more"
REQUIRED = ("PET_DATABASE_URL", "PET_CACHE_URL", "PET_JWT_PRIVATE_KEY_FILE")


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int | str | None
    said: str
    complained: str


@pytest.fixture
def run(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """Run a command line inside this process; None takes a variable away."""

    def run(*arguments: str, **given: str | None) -> Outcome:
        for name, value in {**environment, **given}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["app", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capfd.readouterr()
        return Outcome(end.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def assert_one_sentence(outcome: Outcome, *words: str, code: int = 2) -> None:
    assert outcome.code == code, outcome
    assert outcome.said == ""
    assert outcome.complained.startswith("Error: ")
    assert outcome.complained.count("\n") == 1
    for word in words:
        assert word in outcome.complained
    assert SECRET not in outcome.complained


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_explains_every_command_without_any_setting(
    run: Callable[..., Outcome], command: list[str]
) -> None:
    outcome = run(*command, "--help", **dict.fromkeys(REQUIRED))
    assert (outcome.code, outcome.complained) == (0, "")
    assert outcome.said.startswith(" ".join(["Usage: python -m app", *command]))
    assert run(*command, "-h") == outcome


@pytest.mark.parametrize("arguments", [["fly"], ["rows", "--fast"], ["serve", "--workers", "0"]])
def test_what_no_command_understands_is_misuse(
    run: Callable[..., Outcome], arguments: list[str]
) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert "Error: " in outcome.complained


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("command", [["rows"], ["migrate"], ["serve"], ["seed", "--password=x"]])
def test_a_missing_setting_is_named_with_what_to_give(
    run: Callable[..., Outcome], command: list[str], name: str
) -> None:
    assert_one_sentence(run(*command, **{name: None}), f"{name} is not set: give it the")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PET_DATABASE_URL", SECRET),
        ("PET_DATABASE_URL", f"mysql://petswipe:{SECRET}@127.0.0.1/x"),
        ("PET_DATABASE_URL", f"postgresql://petswipe:{SECRET}@127.0.0.1:99999/x"),
        ("PET_DATABASE_URL", f"postgresql://petswipe:{SECRET}@127.0.0.1:1/x"),
        ("PET_DATABASE_URL", f"postgres://petswipe:{SECRET}@127.0.0.1:1/x"),
        ("PET_DATABASE_URL", f"postgresql+psycopg2://petswipe:{SECRET}@127.0.0.1:1/x"),
        ("PET_DATABASE_URL", f"postgresql://petswipe:{SECRET}@database.invalid/x"),
        ("PET_CACHE_URL", SECRET),
        ("PET_CACHE_URL", f"http://:{SECRET}@127.0.0.1"),
        ("PET_JWT_PRIVATE_KEY_FILE", SECRET),
        ("PET_POOL_SIZE", SECRET),
        ("PET_POOL_SIZE", "0"),
        ("PET_ENVIRONMENT", SECRET),
        ("PET_LOG_LEVEL", SECRET),
        ("PET_FAULT", SECRET),
    ],
    ids=lambda value: value.replace(SECRET, "…"),
)
def test_a_wrong_setting_is_named_and_never_repeated(
    run: Callable[..., Outcome], name: str, value: str
) -> None:
    assert_one_sentence(run("rows", **{name: value}), name)


def test_a_wrong_password_or_database_is_named_and_never_repeated(
    run: Callable[..., Outcome], settings: Settings
) -> None:
    right = str(settings.database_url)
    password = right.partition("@")[0].rpartition(":")[2]
    refused = run("rows", PET_DATABASE_URL=right.replace(password, SECRET))
    assert_one_sentence(refused, "PET_DATABASE_URL", "refuses", "password authentication failed")
    missing = run("rows", PET_DATABASE_URL=f"{right.rpartition('/')[0]}/nowhere")
    assert_one_sentence(missing, "PET_DATABASE_URL", 'database "nowhere" does not exist')
    assert password not in missing.complained


def test_a_key_file_that_cannot_be_used_is_named(
    run: Callable[..., Outcome], tmp_path: Path, free_port: int
) -> None:
    path = tmp_path / "jwt.pem"
    serve = ("serve", "--port", "0", "--management-port", str(free_port))
    name = "PET_JWT_PRIVATE_KEY_FILE"
    for file in (path, tmp_path):
        assert_one_sentence(run(*serve, **{name: str(file)}), name)
    for content in (b"\xff\xfe", SECRET.encode()):
        path.write_bytes(content)
        assert_one_sentence(run(*serve, **{name: str(path)}), name, "does not hold")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_key_file_that_may_not_be_read_is_named(
    run: Callable[..., Outcome], tmp_path: Path, free_port: int
) -> None:
    path = tmp_path / "jwt.pem"
    path.touch(mode=0o000)
    outcome = run(
        "serve",
        "--port=0",
        f"--management-port={free_port}",
        PET_JWT_PRIVATE_KEY_FILE=str(path),
    )
    assert_one_sentence(outcome, "PET_JWT_PRIVATE_KEY_FILE", "cannot be read: Permission denied")


@pytest.mark.parametrize(
    ("command", "given", "word"),
    [
        (["serve"], {"PET_FAULT": "errors", "PET_BCRYPT_ROUNDS": "12"}, "PET_FAULT=errors"),
        (["serve"], {"PET_FAULT": "slow", "PET_BCRYPT_ROUNDS": "12"}, "PET_FAULT=slow"),
        (["serve"], {"PET_BCRYPT_ROUNDS": "11"}, "PET_BCRYPT_ROUNDS=11"),
        (["seed", "--password=x"], {"PET_BCRYPT_ROUNDS": "12"}, "not in production"),
    ],
)
def test_production_refuses_what_only_rehearsals_need(
    run: Callable[..., Outcome], command: list[str], given: dict[str, str], word: str
) -> None:
    assert_one_sentence(run(*command, PET_ENVIRONMENT="production", **given), word)


def test_the_real_command_line_refuses_a_fault_in_production(command: Command) -> None:
    done = command(
        "serve", PET_ENVIRONMENT="production", PET_BCRYPT_ROUNDS="12", PET_FAULT="errors"
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "Error: PET_FAULT=errors is refused in production: unset it\n"


def test_a_taken_port_is_named(run: Callable[..., Outcome], taken_port: int) -> None:
    complaint = f"cannot listen on 127.0.0.1:{taken_port}: Address already in use"
    for workers in ("1", "2"):
        assert_one_sentence(run("serve", f"--port={taken_port}", "--workers", workers), complaint)


def test_a_taken_management_port_is_named(command: Command, taken_port: int) -> None:
    complaint = f"Error: cannot serve metrics on 127.0.0.1:{taken_port}: Address already in use\n"
    alone = command("serve", "--port=0", f"--management-port={taken_port}")
    assert (alone.returncode, alone.stderr) == (2, complaint)
    arguments = ("serve", "--port=0", f"--management-port={taken_port - 1}", "--workers=2")
    second = command(*arguments)
    assert second.returncode == 2
    assert complaint in second.stderr


@pytest.mark.usefixtures("settings")
def test_rows_counts_what_seed_has_loaded(run: Callable[..., Outcome], tmp_path: Path) -> None:
    tables = {table.name: 0 for table in metadata.sorted_tables}
    assert json.loads(run("rows").said) == tables
    accounts, homes = tmp_path / "accounts.txt", tmp_path / "shelters.txt"
    seed = ("seed", "--pets=30", "--adopters=7", f"--accounts={accounts}")
    for _ in ("the first time", "again"):
        outcome = run(*seed, f"--shelter-accounts={homes}", PET_SEED_PASSWORD="a long and good one")
        assert outcome.code == 0
        shelters = int(outcome.said.split()[3])
        assert outcome.said == f"30 pets of {shelters} shelters, 7 adopters\n"
        counted = run("rows")
        seeded = {"users": shelters + 7, "shelters": shelters, "pets": 30}
        assert json.loads(counted.said) == {**tables, **seeded}
    assert accounts.read_text().splitlines() == [adopter_email(number) for number in range(7)]
    emails = homes.read_text().splitlines()
    assert len(set(emails)) == len(emails) == shelters
    assert all(email.endswith(f"@{DOMAIN}") for email in emails)


def test_migrate_brings_an_empty_database_up_and_down(
    run: Callable[..., Outcome], empty_database: str
) -> None:
    async def revision() -> str | None:
        engine = create_engine(load_settings())
        try:
            return await migrated_to(engine)
        finally:
            await engine.dispose()

    def migrate(*arguments: str) -> Outcome:
        return run("migrate", *arguments, PET_DATABASE_URL=empty_database)

    assert_one_sentence(run("rows", PET_DATABASE_URL=empty_database), "PostgreSQL: ", code=1)
    assert migrate() == Outcome(0, "schema is at head\n", "")
    assert asyncio.run(revision()) == head_revision()
    unknown = migrate("--to", "nonsense")
    assert unknown.code == 2
    assert "Can't locate revision identified by 'nonsense'" in unknown.complained
    assert asyncio.run(revision()) == head_revision()
    assert migrate("--to", "base").code == 0
    assert asyncio.run(revision()) is None
