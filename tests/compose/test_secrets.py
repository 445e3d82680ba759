"""The script that makes the secrets, run in a copy, and who is given which."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import stat
import subprocess
from typing import TYPE_CHECKING

import boto3
import pytest

from app.settings import load_settings
from tests.compose.stack import COMPOSE, FILE, ROOT, SERVICES, environment

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "compose" / "secrets.sh"
MOUNTED = "/run/secrets"


def make(folder: Path) -> Path:
    """Run a copy of the script and return the folder that it makes."""
    script = folder / SCRIPT.name
    shutil.copy(SCRIPT, script)
    subprocess.run(["sh", script], check=True, cwd="/")
    return folder / "secrets"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("compose"))


def given(name: str) -> set[str]:
    """Return the secrets of a service."""
    entries = SERVICES[name].get("secrets", ())
    return {entry if isinstance(entry, str) else entry["source"] for entry in entries}


def test_the_script_makes_what_the_file_declares_and_nothing_else(secrets: Path) -> None:
    declared = {name: about["file"] for name, about in COMPOSE["secrets"].items()}
    assert declared == {path.name: f"compose/secrets/{path.name}" for path in secrets.iterdir()}
    assert {name for service in SERVICES for name in given(service)} == set(declared)


def test_git_ignores_them() -> None:
    command = ["git", "check-ignore", "--quiet", "compose/secrets/pet_database_url"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_nobody_else_on_this_machine_reads_them(secrets: Path) -> None:
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o444}


def test_a_second_run_changes_nothing_and_keeps_what_was_put_there(tmp_path: Path) -> None:
    folder = make(tmp_path)
    own = folder / "slack-api-url"
    own.chmod(0o600)
    own.write_text("https://hooks.slack.example/real")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {path.name: path.read_bytes() for path in make(tmp_path).iterdir()} == before


def test_a_new_password_reaches_every_form_of_it(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "valkey_password").unlink()
    folder = make(tmp_path)
    password = (folder / "valkey_password").read_text().strip()
    assert f":{password}@" in (folder / "pet_cache_url").read_text()
    assert (folder / "valkey_conf").read_text() == f"requirepass {password}\n"
    known = json.loads((folder / "redis_passwords").read_text())
    assert known == {environment(SERVICES["redis-exporter"])["REDIS_ADDR"]: password}


def test_a_new_password_of_the_database_reaches_its_address(tmp_path: Path) -> None:
    folder = make(tmp_path)
    (folder / "database_password").unlink()
    folder = make(tmp_path)
    password = (folder / "database_password").read_text().strip()
    assert f":{password}@postgres:" in (folder / "pet_database_url").read_text()


@pytest.mark.parametrize("changed", [False, True], ids=["same password", "another password"])
def test_an_address_of_the_database_that_somebody_has_put_there_stays(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], changed: bool
) -> None:
    folder = make(tmp_path)
    url = folder / "pet_database_url"
    standby = url.read_text().replace("@postgres:", "@standby.example:")
    url.chmod(0o600)
    url.write_text(standby)
    if changed:
        (folder / "database_password").unlink()
    make(tmp_path)
    assert url.read_text() == standby
    assert ("pet_database_url stays" in capfd.readouterr().err) == changed


def test_the_script_says_how_to_change_what_is_only_read_once() -> None:
    advice = SCRIPT.read_text().partition("set -eu")[0]
    read_once = {"postgres_password", "database_password", "monitor_password"}
    read_once |= {"grafana_password", "seed_password"}
    assert set(re.findall(r"\w+_password", advice)) == read_once


@pytest.mark.parametrize(
    "name", [name for name in SERVICES if "PET_SECRETS_DIR" in environment(SERVICES[name])]
)
def test_the_service_takes_its_settings_from_them(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for secret in given(name):
        shutil.copy(secrets / secret, tmp_path)
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(key, raising=False)
    for key, value in environment(SERVICES[name]).items():
        default = re.sub(r"\$\{\w+:-(.*)\}", r"\1", value)
        monkeypatch.setenv(key, default.replace(MOUNTED, str(tmp_path)))
    settings = load_settings()
    assert str(settings.database_url).endswith("@postgres:5432/petswipe")
    assert str(settings.cache_url).endswith("@valkey:6379/0")
    assert settings.jwt_private_key_file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    if settings.storage_endpoint is not None:
        credentials = boto3.Session().get_credentials()
        assert credentials is not None
        assert credentials.access_key == (secrets / "minio_user").read_text()
        assert credentials.secret_key == (secrets / "minio_password").read_text().strip()


def test_the_certificate_and_its_key_belong_together(secrets: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secrets / "gateway_certificate", secrets / "gateway_key")


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_below_the_secrets_is_given_to_who_reads_it(name: str) -> None:
    text = str({key: value for key, value in SERVICES[name].items() if key != "secrets"})
    if name == "valkey":
        text += (ROOT / "compose" / "valkey" / "valkey.conf").read_text()
    if name == "gateway":
        text += (ROOT / "compose" / "gateway" / "nginx.conf").read_text()
    read = set(re.findall(rf"{MOUNTED}/([\w-]+)", text))
    assert read <= given(name)
    # Alertmanager is given its own in another folder; the service looks by the names of settings.
    by_name = {secret for secret in given(name) if secret.startswith("pet_")}
    elsewhere = given(name) if name == "alertmanager" else set()
    assert given(name) == read | by_name | elsewhere


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for key, value in environment(service).items():
            secret = re.search(r"PASS|SECRET|TOKEN|KEY", key)
            assert not secret or value.startswith(("/", "$")), f"{name}: {key}"
    assert not re.search(r"://[^/\s]+:[^/\s]+@", FILE.read_text())
