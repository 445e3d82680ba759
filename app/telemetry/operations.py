"""Which operation of the catalogue a request is: known even when it was refused before routing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.telemetry.catalog import OTHER_METHOD, UNMATCHED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope

    from app.telemetry.model import Route

PARAMETER = re.compile(r"\{\w+\}")
# What Starlette leaves in the scope of a mounted application.
MOUNTED = "app_root_path"
# A stranger has chosen both the method and the path, so neither becomes a label.
NONE = (OTHER_METHOD, UNMATCHED)


class Operations:
    """Finds the method and the full template that a request is counted under."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take the operations that exist; nothing else becomes a label."""
        self._all = frozenset((route.method, route.template) for route in routes)
        self._patterns = [
            (method, template, re.compile(PARAMETER.sub("[^/]+", template)))
            for method, template in sorted(self._all)
            if "{" in template
        ]

    def find(self, scope: Scope) -> tuple[str, str]:
        """Return the operation that has answered a request, or should have: `_OTHER _unmatched`.

        FastAPI leaves the template of the route that it has taken, with the prefixes of included
        routers, which `scope["route"].path` lacks since 0.137.
        """
        context = scope.get("fastapi", {}).get("effective_route_context")
        method = scope["method"]
        # Inside of a mount its template lacks what the mount is under, and may be another's.
        if context is not None and MOUNTED not in scope and (method, context.path) in self._all:
            return method, context.path
        return self._by_path(method, scope["path"])

    def _by_path(self, method: str, path: str) -> tuple[str, str]:
        if (method, path) in self._all:
            return method, path
        for known, template, pattern in self._patterns:
            if known == method and pattern.fullmatch(path):
                return method, template
        return NONE
