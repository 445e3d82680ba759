from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as TooSlow

from app.cache import AWAY, create_cache
from app.local.ports import HOST
from app.settings import Settings
from app.shared_pipeline import MOST_WAITING, Script, SharedPipeline

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

PATIENT, HASTY = 30.0, 0.05


class Between:
    """Stands between a client and Valkey: counts, passes on, and may fall silent or hang up."""

    def __init__(self, url: str) -> None:
        """Take the address behind it."""
        self._behind = urlsplit(url)
        self._writers: list[StreamWriter] = []
        self.url = ""
        self.connections = 0
        self.pieces: list[bytes] = []
        # Takes what it is sent, and passes nothing on.
        self.silent = False
        # Said to everybody who connects, by something that is no Valkey.
        self.greeting = b""
        # Hangs up on everybody at once.
        self.closed = False
        self.heard = asyncio.Event()

    def listens_at(self, port: int) -> None:
        """Take the port that it has."""
        self.url = self._behind._replace(
            netloc=f"{self._behind.netloc.rpartition(':')[0]}:{port}"
        ).geturl()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one client until either side has gone."""
        self.connections += 1
        if self.closed:
            writer.close()
            return
        there, back = await asyncio.open_connection(self._behind.hostname, self._behind.port)
        self._writers += [writer, back]
        writer.write(self.greeting)
        with suppress(ConnectionError):
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        while piece := await reader.read(1 << 20):
            self.pieces.append(piece)
            self.heard.set()
            if not self.silent:
                writer.write(piece)
        writer.close()


@pytest.fixture
async def between(settings: Settings) -> AsyncIterator[Between]:
    made = Between(str(settings.cache_url))
    server = await asyncio.start_server(made.serve, HOST, 0)
    made.listens_at(server.sockets[0].getsockname()[1])
    async with server:
        yield made
        made.hang_up()


@asynccontextmanager
async def pipeline_to(
    settings: Settings, url: str, seconds: float = PATIENT
) -> AsyncIterator[SharedPipeline]:
    cache = create_cache(Settings.model_validate({**settings.model_dump(), "cache_url": url}))
    made = SharedPipeline(cache, seconds)
    try:
        yield made
    finally:
        await made.aclose()
        await cache.aclose()


@pytest.fixture
async def pipeline(settings: Settings) -> AsyncIterator[SharedPipeline]:
    async with pipeline_to(settings, str(settings.cache_url)) as made:
        yield made


async def until_it_answers(pipeline: SharedPipeline) -> int:
    """Ask until there is an answer; returns how often there was none."""
    failures = 0
    async with asyncio.timeout(PATIENT):
        while True:
            try:
                assert await pipeline.ask("PING") == b"PONG"
            except AWAY:
                failures += 1
                await asyncio.sleep(0.02)
            else:
                return failures


async def kinds(*asked: object) -> list[object]:
    """Wait for replies; errors come as their kinds."""
    found = await asyncio.gather(*asked, return_exceptions=True)  # type: ignore[call-overload]  # all are awaitable
    return [type(one) if isinstance(one, BaseException) else one for one in found]


async def test_many_commands_at_once_have_their_own_replies(pipeline: SharedPipeline) -> None:
    numbers = range(2000)
    asked = [pipeline.ask("ECHO", f"{number}") for number in numbers]
    assert await asyncio.gather(*asked) == [b"%d" % number for number in numbers]


async def test_commands_of_one_turn_go_over_one_connection_in_one_piece(
    settings: Settings, between: Between
) -> None:
    async with pipeline_to(settings, between.url) as pipeline:
        # Those that come while the connection is made share it, too.
        await asyncio.gather(*(pipeline.ask("PING") for _ in range(10)))
        between.pieces.clear()
        await asyncio.gather(*(pipeline.ask("PING") for _ in range(100)))
        assert between.connections == 1
        assert len(between.pieces) == len(["commands", "replies"])


async def test_replies_of_every_kind_come_as_they_are(pipeline: SharedPipeline) -> None:
    key, value = uuid4().hex, b"\x00\xff\r\n$5\r\n"
    assert await pipeline.ask("GET", key) is None
    assert await pipeline.ask("SET", key, value, "EX", 60) == b"OK"
    assert await pipeline.ask("GET", key) == value
    assert await pipeline.ask("TTL", key) == 60
    assert await pipeline.ask("MGET", key, uuid4().hex) == [value, None]
    assert await pipeline.ask("HGETALL", uuid4().hex) == []
    assert await pipeline.ask("ECHO", "Zoë 🐶") == "Zoë 🐶".encode()


async def test_a_refused_command_fails_only_itself(pipeline: SharedPipeline) -> None:
    key = uuid4().hex
    found = await kinds(
        pipeline.ask("SET", key, "a word"),
        pipeline.ask("NOSUCHCOMMAND"),
        pipeline.ask("INCR", key),
        pipeline.ask("GET", key),
    )
    assert found == [b"OK", ResponseError, ResponseError, b"a word"]


async def test_a_script_runs_though_valkey_has_forgotten_it(pipeline: SharedPipeline) -> None:
    script = Script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
    key = uuid4().hex
    for count in (1, 2, 3):
        assert await pipeline.run(script, [key], "x") == [key.encode(), b"x", count]
        await pipeline.ask("SCRIPT", "FLUSH")
    found = await asyncio.gather(*(pipeline.run(script, [key], "x") for _ in range(20)))
    # Each has run once.
    assert sorted(count for _, _, count in found) == list(range(4, 24))


async def test_a_script_that_fails_is_not_run_again(pipeline: SharedPipeline) -> None:
    script = Script("redis.call('INCR', KEYS[1]) return redis.error_reply('ERR as it was told')")
    key = uuid4().hex
    for _ in range(2):
        with pytest.raises(ResponseError, match="as it was told"):
            await pipeline.run(script, [key])
    assert await pipeline.ask("GET", key) == b"2"


@pytest.mark.parametrize("connected", [False, True], ids=["from the start", "later"])
async def test_a_server_that_hangs_is_given_up_and_asked_again_later(
    settings: Settings, between: Between, connected: bool
) -> None:
    async with pipeline_to(settings, between.url, HASTY) as pipeline:
        if connected:
            await until_it_answers(pipeline)
        between.silent = True
        connections = 1 if connected else 0
        assert await kinds(*(pipeline.ask("PING") for _ in range(5))) == [TooSlow] * 5
        # Who comes next waits for nothing: no turn of the loop goes by.
        for _ in range(50):
            asked = pipeline.ask("PING")
            with pytest.raises(Disconnected, match="a moment ago"):
                asked.send(None)
        assert between.connections <= connections + 1
        between.silent = False
        assert await until_it_answers(pipeline) > 0


async def test_a_server_that_hangs_up_fails_who_waits_and_is_connected_to_again(
    settings: Settings, between: Between
) -> None:
    async with pipeline_to(settings, between.url) as pipeline:
        await pipeline.ask("PING")
        between.silent = True
        between.heard.clear()
        waiting = [asyncio.create_task(pipeline.ask("PING")) for _ in range(5)]
        await between.heard.wait()
        between.hang_up()
        assert await kinds(*waiting) == [Disconnected] * 5
        between.silent = False
        assert await pipeline.ask("PING") == b"PONG"
        assert between.connections == 2


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02", b"+OK\r\n" * 9]
)
async def test_something_that_is_no_valkey_is_left_alone(
    settings: Settings, between: Between, greeting: bytes
) -> None:
    between.silent, between.greeting = True, greeting
    async with pipeline_to(settings, between.url) as pipeline:
        for _ in range(2):
            with pytest.raises(Disconnected):
                await pipeline.ask("PING")
        assert between.connections == 1


async def test_a_proxy_without_a_valkey_behind_it_is_left_alone(
    settings: Settings, between: Between
) -> None:
    between.closed = True
    # Without a password nothing need be said before the first command.
    port = urlsplit(between.url).port
    async with pipeline_to(settings, f"redis://{HOST}:{port}/0") as pipeline:
        for _ in range(20):
            with pytest.raises(Disconnected):
                await pipeline.ask("PING")
        assert between.connections == 1


async def test_a_port_where_nobody_listens_is_an_outage(settings: Settings, free_port: int) -> None:
    async with pipeline_to(settings, f"redis://{HOST}:{free_port}/0") as pipeline:
        for _ in range(2):
            with pytest.raises(Disconnected):
                await pipeline.ask("PING")


@pytest.mark.parametrize("credentials", [":wrong@", ""], ids=["wrong", "missing"])
async def test_a_wrong_password_is_told_and_not_tried_all_the_time(
    settings: Settings, between: Between, credentials: str
) -> None:
    url = urlsplit(between.url)
    changed = url._replace(netloc=credentials + url.netloc.rpartition("@")[2])
    async with pipeline_to(settings, changed.geturl()) as pipeline:
        with pytest.raises(ResponseError, match=r"WRONGPASS|NOAUTH"):
            await pipeline.ask("PING")
        for _ in range(20):
            with pytest.raises(AWAY):
                await pipeline.ask("PING")
        assert between.connections == 1


async def test_who_stops_waiting_does_not_shift_the_replies_of_others(
    pipeline: SharedPipeline,
) -> None:
    await pipeline.ask("PING")
    asked = [asyncio.create_task(pipeline.ask("ECHO", f"{number}")) for number in range(30)]
    await asyncio.sleep(0)
    for task in asked[::3]:
        task.cancel()
    gone = asyncio.CancelledError
    expected = [b"%d" % number if number % 3 else gone for number in range(30)]
    assert await kinds(*asked) == expected
    assert await pipeline.ask("ECHO", "next") == b"next"


async def test_who_stops_waiting_for_a_connection_takes_it_from_nobody(
    settings: Settings, between: Between
) -> None:
    async with pipeline_to(settings, between.url) as pipeline:
        asked = [asyncio.create_task(pipeline.ask("ECHO", f"{number}")) for number in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        assert await kinds(*asked) == [asyncio.CancelledError, b"1", b"2"]
        assert between.connections == 1


async def test_the_database_that_the_address_names_is_used(
    settings: Settings, pipeline: SharedPipeline
) -> None:
    url, key = str(settings.cache_url).rpartition("/")[0] + "/3", uuid4().hex
    async with pipeline_to(settings, url) as other:
        await other.ask("SET", key, "there", "EX", 60)
        assert await pipeline.ask("GET", key) is None
    with Redis.from_url(url) as client:
        assert client.get(key) == b"there"


async def test_the_user_that_the_address_names_is_used(settings: Settings) -> None:
    url = urlsplit(str(settings.cache_url))
    with Redis.from_url(url.geturl()) as admin:
        admin.acl_setuser(
            "guest", enabled=True, passwords=["+p@ss/word"], keys=["*"], commands=["+@all"]
        )
        try:
            netloc = f"guest:p%40ss%2Fword@{url.netloc.rpartition('@')[2]}"
            async with pipeline_to(settings, url._replace(netloc=netloc).geturl()) as pipeline:
                assert await pipeline.ask("ACL", "WHOAMI") == b"guest"
        finally:
            admin.acl_deluser("guest")


async def test_more_commands_than_may_wait_are_refused(
    settings: Settings, between: Between
) -> None:
    async with pipeline_to(settings, between.url) as pipeline:
        await pipeline.ask("PING")
        between.silent = True
        waiting = [pipeline.begin("PING") for _ in range(MOST_WAITING)]
        assert None not in waiting
        assert pipeline.begin("PING") is None
        with pytest.raises(Disconnected, match="too many"):
            await pipeline.ask("PING")
        for asked in waiting:
            if asked is not None:
                asked.forget()


async def test_nothing_complains_of_a_failure_that_nobody_waits_for(
    settings: Settings, between: Between
) -> None:
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    async with pipeline_to(settings, between.url) as pipeline:
        await pipeline.ask("PING")
        # Valkey refuses one; the connection ends before it answers the other.
        pipeline.begin("NONSENSE")
        await pipeline.ask("PING")
        between.silent = True
        pipeline.begin("PING")
    await asyncio.sleep(0)
    gc.collect()
    assert complaints == []


async def test_who_waits_when_the_process_ends_is_told_so(
    settings: Settings, between: Between
) -> None:
    async with pipeline_to(settings, between.url) as pipeline:
        await pipeline.ask("PING")
        between.silent = True
        waiting = asyncio.create_task(pipeline.ask("PING"))
        await asyncio.sleep(0)
    assert await kinds(waiting) == [Disconnected]
