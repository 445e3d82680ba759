from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from click.testing import CliRunner

from app.__main__ import cli
from app.errors import Unavailable
from app.local.ports import HOST
from app.settings import MisconfiguredError, Settings
from app.storage import Storage, create_client
from app.work import UNHEARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

    from tests.app.conftest import Command, Elsewhere

DONE = [
    "versioning enabled",
    "encryption AES256",
    "lifecycle: old versions end after 30 days, parts after 7",
    "public lists of single objects are ignored",
]
PUBLIC = "everybody may read objects"


@pytest.fixture
def settings(settings_for: Callable[..., Settings], s3: str) -> Settings:
    """Nothing here asks PostgreSQL or Valkey."""
    nowhere = ("postgresql://127.0.0.1", "redis://127.0.0.1")
    return settings_for(*nowhere, storage_endpoint=s3, storage_bucket=f"test-{uuid4().hex[:16]}")


def changed(settings: Settings, **changes: object) -> Settings:
    return Settings.model_validate({**settings.model_dump(), **changes})


def variables(settings: Settings) -> dict[str, str]:
    return {
        "PET_STORAGE_ENDPOINT": str(settings.storage_endpoint),
        "PET_STORAGE_BUCKET": settings.storage_bucket,
    }


@pytest.fixture
def init(settings: Settings, environment: dict[str, str]) -> Callable[..., Result]:
    """Run `storage init` in this process."""

    def run(**given: str | None) -> Result:
        known: dict[str, str | None] = {**environment, **variables(settings), **given}
        return CliRunner().invoke(cli, ["storage", "init"], env=known)

    return run


@pytest.fixture
def partial_server() -> Iterator[str]:
    """Address of a server that has a bucket and can neither encrypt nor block."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            lacks = self.path.endswith(("?encryption", "?publicAccessBlock"))
            content = b"<Error><Code>NotImplemented</Code></Error>" if lacks else b""
            self.send_response(501 if lacks else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_PUT = answer  # noqa: N815  # the names that the library looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_bucket_is_made_once_and_set_up_as_often_as_one_likes(
    settings: Settings, init: Callable[..., Result]
) -> None:
    bucket = settings.storage_bucket
    for state in ("created", "is there"):
        done = init()
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [f"bucket {bucket}: {state}", *DONE, PUBLIC]
    client = create_client(settings)
    assert client.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    (rule,) = encryption["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 30
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    (statement,) = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Action"], statement["Principal"]) == ("s3:GetObject", "*")
    assert statement["Resource"] == f"arn:aws:s3:::{bucket}/*"


def test_behind_a_cdn_who_may_read_is_left_alone(
    settings: Settings, init: Callable[..., Result]
) -> None:
    cdn = "https://cdn.petswipe.example"
    done = init(PET_MEDIA_BASE_URL=cdn, PET_STORAGE_REGION="eu-central-1")
    assert done.stdout.splitlines() == [f"bucket {settings.storage_bucket}: created", *DONE]
    client = create_client(settings)
    place = client.get_bucket_location(Bucket=settings.storage_bucket)["LocationConstraint"]
    assert place == "eu-central-1"
    with pytest.raises(client.exceptions.ClientError, match="NoSuchBucketPolicy"):
        client.get_bucket_policy(Bucket=settings.storage_bucket)


def test_what_another_server_does_not_have_is_passed_over(
    settings: Settings, init: Callable[..., Result], partial_server: str
) -> None:
    done = init(PET_STORAGE_ENDPOINT=partial_server)
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            f"bucket {settings.storage_bucket}: is there",
            DONE[0],
            f"not offered by this server: {DONE[1]}",
            DONE[2],
            f"not offered by this server: {DONE[3]}",
            PUBLIC,
        ],
    )


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"PET_STORAGE_BUCKET": "Not A Bucket"}, "Not A Bucket is no name of a bucket"),
        (
            {
                name: None if "KEY" in name else "/nowhere"
                for name in (
                    "AWS_ACCESS_KEY_ID",
                    "AWS_SECRET_ACCESS_KEY",
                    "AWS_CONFIG_FILE",
                    "AWS_SHARED_CREDENTIALS_FILE",
                )
            }
            | {"AWS_EC2_METADATA_DISABLED": "true"},
            "there are no AWS credentials: set AWS_ACCESS_KEY_ID",
        ),
    ],
    ids=["a wrong name", "no credentials"],
)
def test_what_is_wrong_is_said(
    init: Callable[..., Result], given: dict[str, str | None], complaint: str
) -> None:
    done = init(**given)
    assert isinstance(done.exception, MisconfiguredError)
    assert complaint in str(done.exception)


def test_a_server_that_refuses_is_named(init: Callable[..., Result], elsewhere: Elsewhere) -> None:
    # It knows no HEAD.
    done = init(PET_STORAGE_ENDPOINT=elsewhere.url)
    assert str(done.exception) == "PET_STORAGE_BUCKET: HeadBucket is refused: 501"


def test_a_storage_that_is_away_is_one_sentence(
    settings: Settings, command: Command, free_port: int
) -> None:
    address = f"http://me:hunter2@127.0.0.1:{free_port}"
    done = command("storage", "init", **{**variables(settings), "PET_STORAGE_ENDPOINT": address})
    assert done.returncode == 2
    reason = "the storage does not answer: EndpointConnectionError"
    assert done.stderr == f"Error: PET_STORAGE_ENDPOINT: {reason}\n"


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "{s3}/{bucket}/a.jpg"),
        ({"storage_endpoint": None}, "https://{bucket}.s3.us-east-1.amazonaws.com/a.jpg"),
        ({"media_base_url": "https://cdn.example"}, "https://cdn.example/a.jpg"),
    ],
    ids=["endpoint", "AWS", "CDN"],
)
def test_addresses_of_objects(
    settings: Settings, s3: str, changes: dict[str, object], url: str
) -> None:
    storage = Storage(changed(settings, **changes), UNHEARD)
    assert storage.url("a.jpg") == url.format(s3=s3, bucket=settings.storage_bucket)


@pytest.mark.anyio
async def test_why_something_is_not_stored_is_logged_without_addresses(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Storage(settings, UNHEARD)
    with pytest.raises(Unavailable):
        await storage.put("a.jpg", b"x", "image/jpeg")
    storage.discard("a.jpg")
    storage.close()
    storage._threads.shutdown(wait=True)  # noqa: SLF001  # to see what it has said
    # Closed, it takes nothing on, and says nothing.
    storage.discard("b.jpg")
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "an object could not be stored: NoSuchBucket"),
        (logging.WARNING, "object a.jpg stays, although nobody needs it: NoSuchBucket"),
    ]
