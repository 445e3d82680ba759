"""A peer to compare with: these two routes as most public FastAPI repositories write them.

`python -m loadtests.bench.peers.naive PORT` serves it: a session of the ORM a request, select, add,
commit and refresh, `BaseHTTPMiddleware`, the token decoded and the account loaded each time, a call
to Redis for every question. `--telemetry public` adds the public instrumentations, as their
documentation shows. It knows no Idempotency-Key and no cookies, which the comparison does not use.
"""

import logging
import sys

import click
import uvicorn
from fastapi import FastAPI

from loadtests.bench.peers.naive.database import engine
from loadtests.bench.peers.naive.middlewares import (
    AccessLogMiddleware,
    RateLimitMiddleware,
    RequestIdMiddleware,
)
from loadtests.bench.peers.naive.routes import router
from loadtests.bench.public_telemetry import instrument, log_as_json


def create_app() -> FastAPI:
    """Build the service."""
    # FastAPI's own telemetry would tell everything twice beside the instrumentation of it.
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    app.include_router(router)
    app.add_middleware(RateLimitMiddleware)
    app.add_middleware(AccessLogMiddleware)
    app.add_middleware(RequestIdMiddleware)
    return app


@click.command()
@click.argument("port", type=int)
@click.option("--telemetry", type=click.Choice(["none", "public"]), default="none")
def main(port: int, telemetry: str) -> None:
    """Serve until SIGTERM."""
    app = create_app()
    if telemetry == "public":
        log_as_json()
        instrument(app, engine)
    else:
        logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
