"""Where a Prometheus is and how it is asked, against servers that look at who asks."""

from __future__ import annotations

import base64
import io
import json
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.local.ports import HOST
from slo.__main__ import main
from slo.connection import Connection
from slo.prometheus import (
    PartialAnswerError,
    Prometheus,
    QueryError,
    RefusedError,
    UnreachableError,
    WrongAddressError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = {
    "status": "success",
    "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "1"]}]},
}
TOKEN = "eyJhbGciOiJub25lIn0.e30."
PASSWORD = "pass:word with blanks"


class Server(HTTPServer):
    """Gives one answer to everything, and remembers what it was asked with."""

    def __init__(self, status: int, document: object) -> None:
        super().__init__((HOST, 0), Answering)
        self.answer = status, json.dumps(document).encode()
        self.seen: list[tuple[str, dict[str, str]]] = []


class Answering(BaseHTTPRequestHandler):
    """Answers as its server is told to."""

    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Leave the output of the tests alone."""


@contextmanager
def answering(
    status: int = 200, document: object = None, context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, Server]]:
    """Serve on a free port until the block ends; with a context by TLS."""
    with Server(status, ONE if document is None else document) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            scheme = "http" if context is None else "https"
            yield f"{scheme}://{HOST}:{server.server_port}", server
        finally:
            server.shutdown()
            thread.join()


def gate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, as a process of its own would, and much sooner."""
    out, err = io.StringIO(), io.StringIO()
    command = ["slo", "gate", *arguments, "swipe-availability"]
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    code = int(ended.value.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def secret(folder: Path, text: str) -> str:
    file = folder / "secret"
    file.write_text(text)
    return str(file)


def test_a_token_a_tenant_and_a_prefix_arrive(tmp_path: Path) -> None:
    with answering() as (url, server):
        gate(
            *("--prometheus-url", f"{url}/prometheus/"),
            *("--bearer-token-file", secret(tmp_path, f"{TOKEN}\n")),
            *("--header", "X-Scope-OrgID=a=b", "--header", "X-Trace=no"),
        )
    paths, headers = zip(*server.seen, strict=True)
    assert set(paths) == {"/prometheus/api/v1/query"}
    for header in headers:
        assert header["authorization"] == f"Bearer {TOKEN}"
        assert (header["x-scope-orgid"], header["x-trace"]) == ("a=b", "no")


def test_a_user_and_a_password_arrive(tmp_path: Path) -> None:
    with answering() as (url, server):
        gate("--prometheus-url", url, "--basic-auth-file", secret(tmp_path, f"me:{PASSWORD}\n"))
    sent = server.seen[0][1]["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == f"me:{PASSWORD}"


def test_without_options_nobody_is_named() -> None:
    with answering() as (url, server):
        gate("--prometheus-url", url)
    assert not {"authorization", "x-scope-orgid"} & server.seen[0][1].keys()


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("--bearer-token-file", "", "is empty; it is to hold a token"),
        ("--bearer-token-file", " \n\n", "is empty; it is to hold a token"),
        ("--bearer-token-file", "two tokens", "holds no bearer token"),
        ("--bearer-token-file", "a\nb", "holds no bearer token"),
        ("--bearer-token-file", "x" * 16_385, "has more than 16,384 bytes"),
        ("--basic-auth-file", "", "is empty; it is to hold user:password"),
        ("--basic-auth-file", "pass", "does not hold one line like user:password"),
        ("--basic-auth-file", ":pass", "does not hold one line like user:password"),
        ("--basic-auth-file", "me:", "does not hold one line like user:password"),
        ("--basic-auth-file", "user:a\nuser:b", "does not hold one line like user:password"),
        ("--ca-file", "", "names no authority to trust"),
        ("--ca-file", "-----BEGIN CERTIFICATE-----\n", "names no authority to trust"),
    ],
)
def test_a_file_without_a_secret_is_misuse_and_not_shown(
    option: str, content: str, said: str, tmp_path: Path
) -> None:
    done = gate("--prometheus-url", f"http://{HOST}:1", option, secret(tmp_path, content))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(content.strip()) < 10 or content.strip() not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bearer-token-file", "nowhere"], "'nowhere' does not exist"),
        (["--ca-file", "nowhere"], "'nowhere' does not exist"),
        (["--ca-file", "."], "is a directory"),
        (["--bearer-token-file", "."], "is a directory"),
        (["--header", "s3cret"], "write it like X-Scope-OrgID=petswipe"),
        (["--header", "X-Org=s3cret\r\nX-Other: 1"], "write it like X-Scope-OrgID=petswipe"),
        (["--header", "X Org=s3cret"], "write it like X-Scope-OrgID=petswipe"),
        (["--header", "Authorization=s3cret"], "Authorization is secret; use --bearer-token-file"),
        (["--header", "Cookie=s3cret"], "Cookie is secret"),
        (["--header", "Host=s3cret"], "Host is set already"),
        (["--header", "X-Org=a", "--header", "x-org=s3cret"], "x-org is set already"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "2.5"], "--timeout"),
        (["--timeout", "601"], "--timeout"),
    ],
)
def test_wrong_options_are_misuse(arguments: list[str], said: str) -> None:
    done = gate("--prometheus-url", f"http://{HOST}:1", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_token_and_password_is_enough(tmp_path: Path) -> None:
    file = secret(tmp_path, "user:password")
    done = gate(
        "--prometheus-url", f"http://{HOST}:1", "--bearer-token-file", file,
        "--basic-auth-file", file,
    )  # fmt: skip
    assert done.returncode == 2
    assert "not both" in done.stderr


@pytest.mark.parametrize(
    "url", ["http://prometheus.example", "http://10.0.0.1:9090", "http://localhost.example"]
)
def test_a_secret_is_not_sent_in_clear_text(url: str) -> None:
    with pytest.raises(WrongAddressError, match="clear text; use https"):
        Prometheus(url, authorization="Bearer x")
    with Prometheus(url), Prometheus(url.replace("http:", "https:"), authorization="Bearer x"):
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_on_this_machine_it_may_be(host: str) -> None:
    with Prometheus(f"http://{host}:9090", authorization="Bearer x"):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@host",
        "http://s3cret@localhost:9090",
        # To a program the last three have no user: one has a wrong port, one a path, one no server.
        "http://me:s3cret/s3cret@host",
        "http://me:9090/s3cret@host",
        "me:s3cret@host",
    ],
)
def test_a_secret_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    done = gate("--prometheus-url", url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the address has a user or a password in it" in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("url", ["http://host/?tenant=1", "http://host#there", "http://host?"])
def test_an_address_ends_with_its_path(url: str) -> None:
    with pytest.raises(WrongAddressError, match="end it before"):
        Prometheus(url)


def test_a_connection_does_not_show_its_secret() -> None:
    assert "s3cret" not in repr(Connection("https://host", authorization="Bearer s3cret"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_wants_other_credentials_is_misuse(status: int, tmp_path: Path) -> None:
    with answering(status, {"status": "error", "errorType": "x", "error": "no org id"}) as (url, _):
        done = gate("--prometheus-url", url, "--bearer-token-file", secret(tmp_path, TOKEN))
        with Prometheus(url) as prometheus, pytest.raises(RefusedError):
            prometheus.check()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {url} does not answer to these credentials: HTTP {status}\n"
    assert TOKEN not in done.stderr


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def write_chain(folder: Path, address: str = HOST) -> ssl.SSLContext:
    """Make an authority, `ca.pem`, and a server's context with a certificate of it."""
    now, year = datetime.now(UTC) - timedelta(days=1), timedelta(days=365)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    key_of_ca, key = keys

    def certificate(
        subject: str, public: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(named("our authority"), named(subject), public)
        constraints = x509.BasicConstraints(ca=ca, path_length=None)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key_of_ca.public_key())
        authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=ca,
            crl_sign=ca,
            **dict.fromkeys(("content_commitment", "key_encipherment"), False),
            **dict.fromkeys(("data_encipherment", "key_agreement"), False),
            **dict.fromkeys(("encipher_only", "decipher_only"), False),
        )
        own = identifier if ca else x509.SubjectKeyIdentifier.from_public_key(public)
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + year)
            .add_extension(constraints, critical=True)
            .add_extension(usage, critical=True)
            .add_extension(own, critical=False)
            .add_extension(authority, critical=False)
        )

    ca = certificate("our authority", key_of_ca.public_key(), ca=True)
    (folder / "ca.pem").write_bytes(ca.sign(key_of_ca, hashes.SHA256()).public_bytes(Encoding.PEM))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    signed = certificate("prometheus", key.public_key(), ca=False).add_extension(
        names, critical=False
    )
    (folder / "server.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + signed.sign(key_of_ca, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    with answering(context=write_chain(tmp_path)) as (url, server):
        assert url.startswith("https://")
        with Connection(url, authorization="Bearer x", ca_file=tmp_path / "ca.pem").open() as found:
            assert found.number("vector(1)") == 1
        with Prometheus(url) as stranger, pytest.raises(WrongAddressError, match="is not trusted"):
            stranger.check()
    assert [headers["authorization"] for _, headers in server.seen] == ["Bearer x"]


def test_a_certificate_of_another_server_is_not_trusted(tmp_path: Path) -> None:
    with (
        answering(context=write_chain(tmp_path, "127.0.0.9")) as (url, server),
        Connection(url, ca_file=tmp_path / "ca.pem").open() as found,
        pytest.raises(WrongAddressError, match=r"is not trusted.*IP address mismatch"),
    ):
        found.check()
    assert server.seen == []


def test_an_answer_from_a_part_of_the_data_is_none() -> None:
    for document, said in (
        (ONE | {"warnings": ["No StoreAPIs matched for this query"]}, "No StoreAPIs matched"),
        (ONE | {"warnings": ["PromQL info: x", "remote_read: down"]}, "data: remote_read: down"),
        (ONE | {"isPartial": True}, "not all of its nodes answered"),
    ):
        with answering(200, document) as (url, _):
            assert_partial(url, said)


def assert_partial(url: str, said: str) -> None:
    with Prometheus(url) as prometheus, pytest.raises(PartialAnswerError, match=said):
        prometheus.number("vector(1)")
    done = gate("--prometheus-url", url)
    assert (done.returncode, done.stdout) == (3, "")
    assert "answers from a part of the data" in done.stderr


@pytest.mark.parametrize(
    "more",
    [{}, {"warnings": []}, {"warnings": None}, {"isPartial": False},
     {"warnings": ["PromQL info: metric might not be a counter"]}, {"infos": ["anything"]}],
)  # fmt: skip
def test_an_answer_from_all_of_it_is_one(more: dict[str, Any]) -> None:
    with answering(200, ONE | more) as (url, _), Prometheus(url) as prometheus:
        assert prometheus.number("vector(1)") == 1


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (503, "503", "cannot fetch data from vmstorage nodes"),  # VictoriaMetrics
        (429, "too_many_requests", "too many outstanding requests"),  # Mimir
        (422, "execution", "expanding series: proxy Series(): rpc error"),  # Thanos
        (500, "internal", "no"),
    ],
)
def test_a_server_that_cannot_read_its_data_is_unreachable(
    status: int, kind: str, said: str
) -> None:
    document = {"status": "error", "errorType": kind, "error": said}
    with (
        answering(status, document) as (url, _),
        Prometheus(url) as prometheus,
        pytest.raises(UnreachableError, match="gave up"),
    ):
        prometheus.check()


class Dripping(BaseHTTPRequestHandler):
    """Answers a letter at a time, for as long as somebody listens."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Leave the output of the tests alone."""


def test_an_answer_that_never_ends_is_given_up() -> None:
    with HTTPServer((HOST, 0), Dripping) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with (
            Prometheus(f"http://{HOST}:{server.server_port}", timeout=0.3) as prometheus,
            pytest.raises(UnreachableError, match="does not answer in time"),
        ):
            prometheus.check()
        thread.join()


def test_a_refusal_of_the_query_stays_one() -> None:
    document = {"status": "error", "errorType": "422", "error": "cannot parse"}
    with (
        answering(422, document) as (url, _),
        Prometheus(url) as prometheus,
        pytest.raises(QueryError),
    ):
        prometheus.check()
