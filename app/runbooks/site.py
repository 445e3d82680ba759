"""The runbooks as a WSGI application: the list, and each page with the values of now."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.runbooks import pages
from app.runbooks.library import Library
from app.runbooks.markup import Values, queries_of, render
from app.runbooks.prometheus import Prometheus
from app.runbooks.style import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

    from app.runbooks.library import Runbook

PREFIX = "/runbooks/"
METHODS = ("GET", "HEAD")
MOST_LETTERS = 200
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # Its values are those of now, and it may have changed with a deploy.
    ("Cache-Control", "no-store"),
)


class RunbookSite:
    """Serves a folder of runbooks below `/runbooks/`."""

    def __init__(
        self, folder: Path, prometheus: str = "", public: str = "", grafana: str = ""
    ) -> None:
        """Take the folder and addresses; an empty one means that there is none.

        `prometheus` is asked by this process, `public` is what a reader's browser follows.
        """
        self._library = Library(folder)
        self._prometheus = Prometheus(prometheus) if prometheus else None
        self._public = public.rstrip("/")
        self._grafana = grafana.rstrip("/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request for a path at or below the prefix."""
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            headers = [("Allow", ", ".join(METHODS)), ("Content-Length", "0")]
            start_response(_line(HTTPStatus.METHOD_NOT_ALLOWED), headers)
            return []
        # WSGI's text is of bytes; a path is UTF-8.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        name = path.removeprefix(PREFIX.rstrip("/")).strip("/")
        if path.endswith("/") and name in self._library.names():
            # Below a name with a slash, the links of the page would lead nowhere.
            moved = [("Location", f"{PREFIX}{quote(name)}"), ("Content-Length", "0")]
            start_response(_line(HTTPStatus.PERMANENT_REDIRECT), moved)
            return []
        status, title, body = self._page(name)
        content = pages.document(title, body, PREFIX).encode()
        start_response(_line(status), [*HEADERS, ("Content-Length", str(len(content)))])
        return [] if method == "HEAD" else [content]

    def _page(self, name: str) -> tuple[HTTPStatus, str, str]:
        if not self._library.present:
            return HTTPStatus.NOT_FOUND, "No runbooks here", pages.no_folder_body()
        if not name:
            body = pages.index_body(self._library.all(), PREFIX)
            return HTTPStatus.OK, "Runbooks", body
        found = self._library.read(name)
        if found is None:
            name = name[:MOST_LETTERS]
            body = pages.missing_body(name, self._library.near(name), PREFIX)
            return HTTPStatus.NOT_FOUND, "No such runbook", body
        return HTTPStatus.OK, found.title, self._runbook(found)

    def _runbook(self, page: Runbook) -> str:
        note, values = self._values(queries_of(page.text))
        return pages.facts(page, self._grafana) + note + render(page.text, values)

    def _values(self, queries: list[str]) -> tuple[str, Values]:
        """Ask for the values of queries; the note says why some are missing."""
        if not queries:
            return "", Values()
        if self._prometheus is None:
            note = "Values of now are not shown: PET_PROMETHEUS_URL is not set."
            return _note(note), Values({}, self._public)
        answers = self._prometheus.ask(queries)
        note = f"{answers.silent}: values of now are missing." if answers.silent else ""
        return _note(note), Values(answers.found, self._public)


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>\n' if text else ""


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"
