from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pydantic import SecretStr, ValidationError

from app.local.ports import HOST, MAX_PORT, Ports
from app.local.s3 import prepare_s3
from app.local.supervisor import Supervisor
from app.main import build_resources
from app.settings import MisconfiguredError, Settings, load_settings
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.app.conftest import Command

CANARY = "canary-secret-4b1f"
NAMES = ("PET_SMTP_URL", "PET_GEMINI_API_KEY", "PET_YELP_API_KEY")


@pytest.fixture
def set_all(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_all(**given: str) -> None:
        for name, value in {**environment, **given}.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    supervisor = Supervisor(tmp_path_factory.mktemp("aws"), Stop())
    try:
        port = Ports().choose("AWS", MAX_PORT + 1)
        supervisor.start(prepare_s3(port))
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


@pytest.fixture(scope="module")
def variables(aws: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": aws,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def store(set_all: Callable[..., None], variables: dict[str, str]) -> Callable[[str], str]:
    """Put a secret into AWS Secrets Manager and let the environment name it."""

    def store(text: str) -> str:
        set_all(**variables)
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        name = f"petswipe-{abs(hash(text))}"
        arn = str(client.create_secret(Name=name, SecretString=text)["ARN"])
        client.close()
        set_all(PET_SECRETS_ARN=arn)
        return arn

    return store


def shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def test_no_representation_shows_a_secret(migrated: Settings, set_all: Callable[..., None]) -> None:
    port = migrated.cache_url.port
    set_all(
        PET_DATABASE_URL=f"postgresql://somebody:{CANARY}@127.0.0.1/x",
        PET_REPLICA_URL=f"postgresql://somebody:{CANARY}@127.0.0.1/x",
        PET_CACHE_URL=f"redis://:{CANARY}@127.0.0.1:{port}",
        PET_AMQP_URL=f"amqp://somebody:{CANARY}@127.0.0.1",
        **dict.fromkeys(NAMES, CANARY),
    )
    held = build_resources(load_settings())
    assert held.settings.cache_url.password == CANARY
    texts = [form(what) for form in (repr, str) for what in (held.settings, held, held.engine)]
    assert [text for text in texts if CANARY in text] == []


def test_no_error_shows_a_secret(set_all: Callable[..., None]) -> None:
    names = ("PET_DATABASE_URL", "PET_CACHE_URL", "PET_REPLICA_URL", "PET_AMQP_URL")
    set_all(**dict.fromkeys(names, f"ftp://somebody:{CANARY}@127.0.0.1"))
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert refused.value.error_count() == 4
    assert CANARY not in str(refused.value)
    assert CANARY not in repr(refused.value)


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_secrets_come_from_files(
    set_all: Callable[..., None], tmp_path: Path, spell: Callable[[str], str]
) -> None:
    for name in NAMES:
        (tmp_path / spell(name)).write_text(f"{name} of a file\n")
    set_all(PET_SECRETS_DIR=str(tmp_path), PET_YELP_API_KEY="of the environment")
    settings = load_settings()
    assert shown(settings.smtp_url) == "PET_SMTP_URL of a file"
    assert shown(settings.gemini_api_key) == "PET_GEMINI_API_KEY of a file"
    assert shown(settings.yelp_api_key) == "of the environment"


def test_required_settings_may_come_from_files_too(
    set_all: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(PET_SECRETS_DIR=str(tmp_path))
    monkeypatch.delenv("PET_DATABASE_URL")
    (tmp_path / "PET_DATABASE_URL").write_text(f"postgresql://somebody:{CANARY}@host/x\n")
    assert str(load_settings().database_url) == f"postgresql://somebody:{CANARY}@host/x"


def test_a_folder_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    done = command("rows", PET_SECRETS_DIR=str(missing))
    assert done.returncode == 2
    assert done.stderr == f"Error: PET_SECRETS_DIR: {missing} is no folder\n"


def test_a_file_that_is_no_text_is_told_of(set_all: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "PET_SMTP_URL").write_bytes(b"\xff\xfe")
    set_all(PET_SECRETS_DIR=str(tmp_path))
    with pytest.raises(MisconfiguredError, match=r"^PET_SECRETS_DIR: one of its files cannot be"):
        load_settings()


def test_secrets_come_from_aws_below_files_and_the_environment(
    store: Callable[[str], str], set_all: Callable[..., None], tmp_path: Path
) -> None:
    content: dict[str, Any] = {
        "SMTP_URL": "of AWS",
        "PET_GEMINI_API_KEY": "of AWS",
        "yelp_api_key": "of AWS",
        "RATE_LIMIT_USER": 77,
        "SOMETHING_ELSE": "of somebody else",
    }
    store(json.dumps(content))
    assert shown(load_settings().yelp_api_key) == "of AWS"
    assert shown(load_settings().smtp_url) == "of AWS"
    (tmp_path / "PET_GEMINI_API_KEY").write_text("of a file")
    (tmp_path / "PET_YELP_API_KEY").write_text("of a file")
    set_all(PET_SECRETS_DIR=str(tmp_path), PET_YELP_API_KEY="of the environment")
    settings = load_settings()
    assert [
        shown(s) for s in (settings.smtp_url, settings.gemini_api_key, settings.yelp_api_key)
    ] == [
        "of AWS",
        "of a file",
        "of the environment",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CANARY, "the secret must be a JSON object, like"),
        (f'["{CANARY}"]', "the secret must be a JSON object, like"),
        (f'{{"SMTP_URL": ["{CANARY}"]}}', "the value of SMTP_URL in the secret must be a text"),
    ],
)
def test_a_secret_of_another_form_is_refused_and_not_repeated(
    store: Callable[[str], str], content: str, reason: str
) -> None:
    store(content)
    with pytest.raises(MisconfiguredError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"PET_SECRETS_ARN: {reason}")
    assert CANARY not in str(refused.value)


def test_a_wrong_value_in_a_secret_is_named_and_not_repeated(store: Callable[[str], str]) -> None:
    store(json.dumps({"AMQP_URL": CANARY}))
    with pytest.raises(MisconfiguredError, match=r"^PET_AMQP_URL: ") as refused:
        load_settings()
    assert CANARY not in str(refused.value)


def test_a_secret_that_cannot_be_read_ends_the_command(
    command: Command, variables: dict[str, str], free_port: int
) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:none"
    done = command("rows", PET_SECRETS_ARN=arn, **variables)
    assert done.returncode == 2
    assert done.stderr == (
        "Error: PET_SECRETS_ARN: AWS Secrets Manager refuses to read it: "
        "ResourceNotFoundException\n"
    )
    away = {**variables, "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://{HOST}:{free_port}"}
    done = command("rows", PET_SECRETS_ARN=arn, **away)
    assert done.returncode == 2
    assert done.stderr == (
        "Error: PET_SECRETS_ARN: AWS Secrets Manager cannot be asked: EndpointConnectionError\n"
    )
