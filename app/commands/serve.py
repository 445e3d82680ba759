"""The command that serves the API."""

from __future__ import annotations

import socket

import click

from app.server import check_connections, listen, serve_worker, serve_workers
from app.settings import load_settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Public address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--management-port",
    default=9464,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Metrics of the first worker; each further worker takes the next port.",
)
@click.option("--fd", type=int, hidden=True, help="Socket inherited from the parent process.")
def serve(host: str, port: int, workers: int, management_port: int, fd: int | None) -> None:
    """Serve the API until SIGTERM.

    One process in a container is `--workers 1`; every worker is one scrape target.
    """
    settings = load_settings()
    if fd is None:
        check_connections(settings, workers)
    with listen(host, port) if fd is None else socket.socket(fileno=fd) as sock:
        if workers == 1:
            serve_worker(settings, sock, management_port)
            return
        raise SystemExit(serve_workers(sock, workers, management_port))
