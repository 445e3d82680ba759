"""A peer to compare with: these two routes as a good engineer writes them in a day.

`python -m loadtests.bench.peers.careful PORT` serves it: SQLAlchemy Core, one statement that
commits by itself, one script in Redis for the session and both limits, tokens verified once,
dependencies and no `BaseHTTPMiddleware`, answers written without a model. It has no telemetry, and
knows no Idempotency-Key and no cookies, which the comparison does not use.
"""

import click
import uvicorn
from fastapi import FastAPI

from loadtests.bench.peers.careful.routes import router


def create_app() -> FastAPI:
    """Build the service."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    app.include_router(router)
    return app


@click.command()
@click.argument("port", type=int)
def main(port: int) -> None:
    """Serve until SIGTERM."""
    uvicorn.run(create_app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
