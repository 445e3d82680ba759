"""The options of every command that asks a Prometheus, or a server that speaks as one."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slo.credentials import CredentialsError, basic, bearer
from slo.prometheus import TIMEOUT_SECONDS, Prometheus

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)=([\x20-\x7e]+)")
# These carry secrets, and a command line is for everybody on the machine to read.
SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie")
# These belong to the request itself.
OWN_HEADERS = ("content-length", "content-type", "transfer-encoding", "host", "connection")
MOST_SECONDS = 600
DEFAULT_SECONDS = int(TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a Prometheus is, and how it is asked; `timeout` is in seconds."""

    url: str
    timeout: float = TIMEOUT_SECONDS
    headers: tuple[tuple[str, str], ...] = ()
    authorization: str = field(default="", repr=False)
    ca_file: Path | None = None

    def open(self) -> Prometheus:
        """Return a client to use in `with`; raises WrongAddressError."""
        return Prometheus(
            self.url,
            self.timeout,
            headers=dict(self.headers),
            authorization=self.authorization,
            ca_file=self.ca_file,
        )


def connection_options(
    timeout: int = DEFAULT_SECONDS,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options to a command, which gets them as one argument, `connection`."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    options: list[Callable[[Any], Any]] = [
        click.option(
            "--prometheus-url",
            required=True,
            help="Like http://localhost:9090; of Thanos, Mimir and VictoriaMetrics with their "
            "prefix, like https://mimir.example/prometheus.",
        ),
        click.option("--bearer-token-file", type=file, help="A file that holds a token to send."),
        click.option("--basic-auth-file", type=file, help="A file that holds user:password."),
        click.option(
            "--header",
            "headers",
            multiple=True,
            metavar="NAME=VALUE",
            callback=_headers,
            help="Nothing secret, like X-Scope-OrgID=petswipe; may be given several times.",
        ),
        click.option(
            "--ca-file", type=file, help="Trust these authorities, in PEM, and no others."
        ),
        click.option(
            "--timeout",
            type=click.IntRange(1, MOST_SECONDS),
            default=timeout,
            show_default=True,
            help="Seconds that each answer may take.",
        ),
    ]

    def add(command: Callable[..., None]) -> Callable[..., None]:
        found: Callable[..., None] = _connected(command)
        for option in reversed(options):
            found = option(found)
        return found

    return add


def _connected(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def connected(
        *arguments: object,
        prometheus_url: str,
        bearer_token_file: Path | None,
        basic_auth_file: Path | None,
        headers: tuple[tuple[str, str], ...],
        ca_file: Path | None,
        timeout: int,
        **others: object,
    ) -> None:
        authorization = _authorization(bearer_token_file, basic_auth_file)
        connection = Connection(prometheus_url, timeout, headers, authorization, ca_file)
        command(*arguments, connection=connection, **others)

    return connected


def _authorization(token: Path | None, password: Path | None) -> str:
    if token and password:
        raise click.UsageError("give --bearer-token-file or --basic-auth-file, not both")
    try:
        if token:
            return bearer(token)
        return basic(password) if password else ""
    except CredentialsError as error:
        raise click.UsageError(str(error)) from None


def _headers(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    found: dict[str, tuple[str, str]] = {}
    for value in values:
        parts = HEADER.fullmatch(value)
        # A value that does not look like a header may be a secret in the wrong place.
        if parts is None:
            raise click.BadParameter("write it like X-Scope-OrgID=petswipe")
        name, text = parts[1], parts[2].strip()
        if name.lower() in SECRET_HEADERS:
            raise click.BadParameter(
                f"{name} is secret; use --bearer-token-file or --basic-auth-file"
            )
        if name.lower() in OWN_HEADERS or name.lower() in found or not text:
            raise click.BadParameter(f"{name} is set already, or to nothing; leave it out")
        found[name.lower()] = (name, text)
    return tuple(found.values())
