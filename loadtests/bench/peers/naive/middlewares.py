"""What happens around every request."""

import logging
import time
from uuid import uuid4

from fastapi import Request, Response, status
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from app.telemetry.catalog import HEALTH_STARTUP
from loadtests.bench.peers.naive.database import redis, settings
from loadtests.bench.peers.naive.rate_limits import check_rate_limit
from loadtests.bench.peers.words import TOO_MANY

logger = logging.getLogger("access")


def client_ip(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else "unknown"


class RequestIdMiddleware(BaseHTTPMiddleware):
    """Gives every request an id."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Take the client's, or make one."""
        request.state.request_id = request.headers.get("X-Request-ID") or str(uuid4())
        response = await call_next(request)
        response.headers["X-Request-ID"] = request.state.request_id
        return response


class AccessLogMiddleware(BaseHTTPMiddleware):
    """Logs every request with its duration."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Measure it and log it."""
        began = time.perf_counter()
        response = await call_next(request)
        milliseconds = (time.perf_counter() - began) * 1000
        response.headers["X-Process-Time"] = f"{milliseconds:.3f}"
        logger.info(
            "%s %s %s %.3f ms",
            request.method,
            request.url.path,
            response.status_code,
            milliseconds,
            extra={
                "fields": {
                    "request_id": request.state.request_id,
                    "method": request.method,
                    "path": request.url.path,
                    "status": response.status_code,
                    "duration_ms": round(milliseconds, 3),
                    "client_ip": client_ip(request),
                }
            },
        )
        return response


class RateLimitMiddleware(BaseHTTPMiddleware):
    """Refuses an address that calls too often."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Count it."""
        if request.url.path == HEALTH_STARTUP.template:
            return await call_next(request)
        key = f"ratelimit:ip:{client_ip(request)}"
        limit = await check_rate_limit(redis, key, settings.rate_limit_ip)
        if limit.exceeded:
            return JSONResponse(
                {"detail": TOO_MANY},
                status.HTTP_429_TOO_MANY_REQUESTS,
                headers={"Retry-After": str(limit.reset), **limit.headers},
            )
        return await call_next(request)
