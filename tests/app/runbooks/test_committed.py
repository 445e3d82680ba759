"""The runbooks of this repository: every page is served, and every block runs where it must."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from wsgiref.util import setup_testing_defaults

import asyncpg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from app.runbooks.library import Library
from app.runbooks.markup import MARKDOWN
from app.runbooks.site import RunbookSite
from app.settings import Settings
from app.telemetry import events
from app.telemetry.catalog import DISPATCH_JOB, JOB

if TYPE_CHECKING:
    import httpx

    from tests.app.conftest import Serving

FOLDER = Path(__file__).parents[3] / "runbooks"
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
LIBRARY = Library(FOLDER)
# Words of LogQL itself, as far as runbooks use them.
LOGQL_WORDS = """
and or by without on json line_format unwrap service_name sum min max avg count topk bottomk rate
count_over_time sum_over_time avg_over_time min_over_time max_over_time quantile_over_time
bytes_over_time absent_over_time
"""
# What a reader fills in.
BLANK = re.compile(r"<[a-zA-Z][^<>\n]*>")


def blocks(language: str) -> list[tuple[str, str]]:
    """List the blocks of a language, with the names of pages; queries.md has its own test."""
    pages = [page for page in LIBRARY.all() if page.name != "queries"]
    tokens = [(page.name, token) for page in pages for token in MARKDOWN.parse(page.text)]
    return [
        (name, token.content)
        for name, token in tokens
        if token.type == "fence" and token.info.strip() == language
    ]


def fetch(site: RunbookSite, path: str) -> tuple[str, str]:
    """Return status and text of a page."""
    environ: dict[str, object] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start(status: str, _: object, __: object = None) -> object:
        statuses.append(status)
        return None

    body = b"".join(site(environ, start))  # type: ignore[arg-type]  # no writer is used
    return statuses[0], body.decode()


def test_the_default_folder_is_the_one_of_this_repository() -> None:
    assert Settings.model_fields["runbooks_dir"].default == FOLDER


@pytest.mark.parametrize("name", LIBRARY.names())
def test_every_page_is_served_and_its_links_lead_to_pages(name: str) -> None:
    site = RunbookSite(FOLDER)
    address = f"/runbooks/{name}"
    status, page = fetch(site, address)
    assert status == "200 OK"
    for link in re.findall(r'<a href="([^"]*)"', page):
        if "://" not in link:
            target = urljoin(address, link).partition("#")[0]
            assert fetch(site, target)[0] == "200 OK", link


def test_a_worker_serves_them_on_its_management_port(serving: Serving, web: httpx.Client) -> None:
    with serving() as server:
        (metrics,) = server.metrics
        address = metrics.removesuffix("/metrics")
        page = web.get(f"{address}/runbooks/DatabaseDown")
        assert page.status_code == 200
        assert "<h1>DatabaseDown</h1>" in page.text
        assert web.get(f"{server.url}/runbooks/DatabaseDown").status_code == 404


def test_prometheus_itself_takes_every_query(prometheus: str, web: httpx.Client) -> None:
    for name, query in blocks("promql"):
        answer = web.get(f"{prometheus}/api/v1/query", params={"query": query})
        assert answer.status_code == 200, f"{name}: {answer.text}"


@pytest.mark.anyio
async def test_postgresql_understands_every_statement(migrated: Settings) -> None:
    address = str(migrated.database_url).replace("+asyncpg", "")
    connection = await asyncpg.connect(address)
    transaction = connection.transaction()
    await transaction.start()
    try:
        # What the deployments have; its view exists without its library.
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        for name, block in blocks("sql"):
            for statement in statements(block):
                async with connection.transaction():
                    try:
                        await connection.prepare(statement)
                    except asyncpg.PostgresError as error:
                        pytest.fail(f"{name}: {error}: {statement}")
    finally:
        await transaction.rollback()
        await connection.close()


def statements(block: str) -> list[str]:
    """Split a block; what a reader fills in is NULL, and commands of psql itself are left out."""
    plain = re.sub(rf"'{BLANK.pattern}'|{BLANK.pattern}", "NULL", block)
    plain = re.sub(r"\\\w.*$", ";", plain, flags=re.MULTILINE)
    plain = re.sub(r"--.*$", "", plain, flags=re.MULTILINE)
    return [part.strip() for part in plain.split(";") if part.strip()]


def test_valkey_knows_every_command(migrated: Settings) -> None:
    with Redis.from_url(str(migrated.cache_url)) as cache:
        for name, block in blocks("valkey"):
            for line in filter(None, map(str.strip, block.splitlines())):
                complaint = wrong_command(cache, line)
                assert not complaint, f"{name}: {complaint}: {line}"


def wrong_command(cache: Redis, line: str) -> str:
    """Say why Valkey would refuse a line; it is not run."""
    try:
        cache.command_getkeys(*BLANK.sub("x", line).split())
    except RedisError as error:
        # Commands without keys are known all the same.
        return "" if "no key arguments" in str(error) else str(error)
    return ""


@pytest.mark.parametrize(("name", "query"), blocks("logql"))
def test_log_queries_name_what_is_written(name: str, query: str) -> None:
    assert wrong_log_query(query) == "", name


def wrong_log_query(query: str) -> str:
    """Say what of a LogQL query Loki would refuse or never find."""
    selected = re.findall(r'\{service_name=~?"([^"]*)"\}', query)
    if not selected or not all(
        any(re.fullmatch(one, job) for job in (JOB, DISPATCH_JOB)) for one in selected
    ):
        return "it selects no service"
    named = re.findall(r'"event":"(\w+)"', query)
    if unknown := set(named) - events.EVENTS:
        return f"no event {unknown}"
    bare = re.sub(r'"[^"]*"|`[^`]*`', "", query)
    if any(bare.count(opened) != bare.count(closed) for opened, closed in ("()", "[]", "{}")):
        return "a bracket is left open"
    if "| json" not in bare and re.search(r"\| *\w+ *[=!<>]", bare):
        return "a field is compared before `| json`"
    fields = {*re.findall(r"[a-z_]{2,}", re.sub(r"\[\w+\]|\d+\w*", "", bare))} - {
        *LOGQL_WORDS.split()
    }
    fields |= set(re.findall(r"\{\{ *\.(\w+)", query))
    known = {*events.HEAD, *events.IDS, *events.FAILURE}
    known.update(*(events.FIELDS_OF[event] for event in named or events.EVENTS))
    return f"no line has {fields - known}" if fields - known else ""


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ('{service_name="petswipe"} | json', "it selects no service"),
        ('{service_name="petswipe-api"} |= `"event":"reqest"` | json', "no event {'reqest'}"),
        ('sum(rate({service_name="petswipe-api"} | json [5m])', "a bracket is left open"),
        ('{service_name="petswipe-api"} | status >= 500', "a field is compared before `| json`"),
        ('{service_name="petswipe-api"} | json | code >= 500', "no line has {'code'}"),
        (
            '{service_name="petswipe-api"} |= `"event":"login_failed"` | json | status >= 500',
            "no line has {'status'}",
        ),
        (
            'topk(5, sum by (route) (rate({service_name=~"pets.+"} | json | status != 200 [1d])))',
            "",
        ),
        (
            'avg_over_time({service_name="petswipe-api"} | json | unwrap duration_ms [5m])',
            "",
        ),
    ],
)
def test_a_log_query_that_finds_nothing_would_be_seen(query: str, complaint: str) -> None:
    assert wrong_log_query(query) == complaint


def test_shells_read_every_command(tmp_path: Path) -> None:
    paths = []
    for number, (name, block) in enumerate(blocks("sh")):
        path = tmp_path / f"{name.replace('/', '-')}-{number}.sh"
        path.write_text("#!/bin/bash\n" + BLANK.sub("x", block))
        paths.append(path)
    done = subprocess.run(
        [SHELLCHECK, "--severity=warning", "--format=gcc", *paths],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_statement_and_a_command_that_do_not_exist_would_be_seen(migrated: Settings) -> None:
    assert statements("SELECT 1; -- one\nSELECT '<x>'\\gx\n") == ["SELECT 1", "SELECT NULL"]
    with Redis.from_url(str(migrated.cache_url)) as cache:
        assert wrong_command(cache, "GETT key")
        assert wrong_command(cache, "GET")
        assert not wrong_command(cache, "INFO memory")
        assert not wrong_command(cache, "GET <key>")
