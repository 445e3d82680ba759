"""The OpenAPI document: what FastAPI writes, and the parts that it cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from app.errors import Problem, answers

if TYPE_CHECKING:
    from fastapi import FastAPI

UNUSED = ("HTTPValidationError", "ValidationError")


def document(api: FastAPI) -> dict[str, Any]:
    """Write the document once; every problem refers to one schema."""
    if api.openapi_schema is None:
        written = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            routes=api.routes,
        )
        for path in written["paths"].values():
            for method, operation in path.items():
                if method != "get" and "security" in operation:
                    # A write that came with the cookie and without its CSRF token.
                    operation["responses"].setdefault("403", answers(403)[403])
        schemas = written["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema()
        # FastAPI's own form of a 422, which this service never answers.
        for name in UNUSED:
            schemas.pop(name, None)
        api.openapi_schema = written
    return api.openapi_schema
