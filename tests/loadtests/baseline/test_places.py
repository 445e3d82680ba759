"""Baselines in files, and in moto's S3."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from app.local.ports import HOST, MAX_PORT, Ports
from app.local.s3 import prepare_s3
from app.local.supervisor import Supervisor
from app.stop import Stop
from loadtests.baseline.places import MOST_BYTES, read_place, refuse_taken, write_place
from loadtests.errors import InvalidRun, MisuseError
from tests.loadtests.servers import server

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = b"first", b"second"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder), Stop())
        port = Ports().choose("a test", MAX_PORT + 1)
        try:
            supervisor.start(prepare_s3(port))
            yield f"http://{HOST}:{port}"
        finally:
            supervisor.stop_all()


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto)
    return boto3.client("s3", "us-east-1", endpoint_url=moto)


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"test-{uuid4().hex[:16]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return str(tmp_path / "sub" / "baseline.json")
    return f"s3://{request.getfixturevalue('bucket')}/load/baseline.json"


def test_what_was_written_is_read(place: str) -> None:
    assert write_place(place, FIRST, replace=False) == place
    assert read_place(place) == FIRST


def test_a_reference_is_replaced_only_on_purpose(place: str) -> None:
    write_place(place, FIRST, replace=False)
    with pytest.raises(MisuseError, match=r"drift is found against it; --replace if a new one"):
        write_place(place, SECOND, replace=False)
    assert read_place(place) == FIRST
    write_place(place, SECOND, replace=True)
    assert read_place(place) == SECOND


def test_a_place_that_is_taken_is_refused_before_anything_is_measured(place: str) -> None:
    refuse_taken(place)
    write_place(place, FIRST, replace=False)
    with pytest.raises(MisuseError, match="--replace if a new one is wanted"):
        refuse_taken(place)


def test_a_first_one_may_be_written_with_replace(place: str) -> None:
    write_place(place, FIRST, replace=True)
    assert read_place(place) == FIRST


def test_one_that_is_not_there_is_misuse(place: str) -> None:
    with pytest.raises(MisuseError, match=r"cannot be read: No such file|there is no baseline s3:"):
        read_place(place)


def test_one_that_is_too_large_is_not_read(place: str) -> None:
    write_place(place, b" " * MOST_BYTES, replace=False)
    assert len(read_place(place)) == MOST_BYTES
    write_place(place, b" " * (MOST_BYTES + 1), replace=True)
    with pytest.raises(MisuseError, match="more than 1,000,000 bytes: it is no baseline"):
        read_place(place)


def test_nothing_but_the_baseline_is_left_in_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    write_place(str(file), FIRST, replace=False)
    with pytest.raises(MisuseError):
        write_place(str(file), SECOND, replace=False)
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MisuseError, match="cannot be written"):
        write_place(str(tmp_path / "file" / "baseline.json"), FIRST, replace=False)


def test_a_pinned_version_stays_what_it_was(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    place = f"s3://{bucket}/baseline.json"
    pinned = write_place(place, FIRST, replace=False)
    assert pinned.startswith(f"{place}?versionId=")
    write_place(place, SECOND, replace=True)
    assert (read_place(pinned), read_place(place)) == (FIRST, SECOND)
    with pytest.raises(MisuseError, match="versions cannot be written"):
        write_place(pinned, SECOND, replace=True)


def test_a_bucket_that_is_not_there_is_misuse(s3: Any) -> None:  # noqa: ARG001  # asked for what it does
    with pytest.raises(MisuseError, match=r"there is no baseline s3://nobodys/a \(NoSuchBucket\)"):
        read_place("s3://nobodys/a")


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_credentials_are_taken_from_the_environment_only(
    name: str, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.delenv(name)
    with pytest.raises(MisuseError, match="needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        read_place(f"s3://{bucket}/baseline.json")


def test_an_s3_that_does_not_answer_decides_nothing(
    s3: Any,  # noqa: ARG001  # asked for what it does
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server((HOST, 0)) as unheard:
        port = unheard.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{HOST}:{port}")
    for attempt in (
        lambda: read_place("s3://bucket/key"),
        lambda: write_place("s3://bucket/key", FIRST, replace=True),
        lambda: refuse_taken("s3://bucket/key"),
    ):
        with pytest.raises(InvalidRun, match=r"cannot be (read|written): EndpointConnectionError"):
            attempt()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(403, "AccessDenied", MisuseError), (500, "InternalError", InvalidRun)],
)
def test_what_somebody_must_set_right_is_misuse_and_what_may_pass_decides_nothing(
    status: int,
    code: str,
    kind: type[Exception],
    s3: Any,  # noqa: ARG001  # asked for what it does
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(f"<Error><Code>{code}</Code></Error>".encode(), status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(kind, match=f"the baseline s3://bucket/key cannot be read: {code}"):
            read_place("s3://bucket/key")


def test_an_answer_that_breaks_off_decides_nothing(
    s3: Any,  # noqa: ARG001  # asked for what it does
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(b"{", headers={"Content-Length": "100"}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(InvalidRun, match="cannot be read: its answer broke off"):
            read_place("s3://bucket/key")


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "s3://Bucket/key",
        "s3://me:secret@bucket/key",
        "s3://bucket/key?version=1",
        "s3://bucket/key#part",
    ],
)
def test_an_address_that_is_no_object_is_misuse(text: str) -> None:
    with pytest.raises(MisuseError, match="is no object; s3://bucket/key"):
        read_place(text)


def test_another_scheme_is_misuse() -> None:
    with pytest.raises(MisuseError, match="is no place for a baseline; a path, or s3://bucket/key"):
        read_place("https://example.org/baseline.json")
