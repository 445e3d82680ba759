"""No input that nobody meant lets a release pass; and the same gate lets a good one pass."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest

from loadtests.baseline.document import write_document
from tests.loadtests.accidents import World
from tests.loadtests.accidents_of_inputs import OF_INPUTS
from tests.loadtests.accidents_of_runs import OF_RUNS
from tests.loadtests.baseline.recorded import RECORDED
from tests.loadtests.gates import REPORTS, arguments, finish, gate, started, undisturbed
from tests.loadtests.pretend import pretending
from tests.loadtests.scraping import scraping
from tests.loadtests.servers import server

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.loadtests.accidents import Accident
    from tests.loadtests.gates import Ended
    from tests.loadtests.pretend import Pretended

ACCIDENTS = (*OF_RUNS, *OF_INPUTS)
# Each waits for its load most of the time; more would make each other late.
AT_ONCE = 6


def nothing(_: Pretended) -> None:
    pass


def refuse_swipes(found: Pretended) -> None:
    found.statuses[b"/api/swipes"] = 500


def released_to(folder: Path, before: Callable[[Pretended], None]) -> Ended:
    """Gate a release with servers of its own."""
    with pretending() as api, scraping(folder, api.port) as prometheus:
        before(api)
        prometheus.wait()
        return gate(folder, "run", *arguments(folder, api=api.url, prometheus=prometheus.url))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ended]]]:
    """Begin to gate a good release and a bad one, before anything else needs the machine."""
    with ThreadPoolExecutor() as pool:
        yield {
            name: pool.submit(
                undisturbed, tmp_path_factory.mktemp(name), partial(released_to, before=before)
            )
            for name, before in (("good", nothing), ("bad", refuse_swipes))
        }


def test_the_same_gate_lets_a_good_release_pass(released: dict[str, Future[Ended]]) -> None:
    ended = released["good"].result()
    assert ended.code == 0, ended.said
    assert ended.failed_checks == set()
    assert {ruling["status"] for ruling in ended.report["rulings"]} == {"passed"}
    assert all((ended.out / name).is_file() for name in REPORTS)


def test_the_same_gate_blocks_a_bad_one_after_a_second_look(
    released: dict[str, Future[Ended]],
) -> None:
    ended = released["bad"].result()
    assert ended.code == 1, ended.said
    assert [attempt["kind"] for attempt in ended.report["attempts"]] == ["first", "confirmation"]
    assert "few-errors over run: failed" in ended.said
    assert "swipe-availability over run: failed" in ended.said


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ended]]]:
    """Begin to run all accidents, some at a time."""
    folder = tmp_path_factory.mktemp("accidents")
    with ExitStack() as stack:
        places = addresses(folder, stack)
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        stack.callback(pool.shutdown, cancel_futures=True)
        yield {one.name: pool.submit(happened, one, folder, places) for one in ACCIDENTS}


def addresses(folder: Path, stack: ExitStack) -> dict[str, str]:
    """Start what accidents that spoil no server can share."""
    api, unused = stack.enter_context(pretending()), stack.enter_context(pretending())
    watched = {"prometheus": [api.port], "other": [unused.port], "idle": []}
    silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    baseline = folder / "baseline.json"
    baseline.write_bytes(write_document(RECORDED))
    places = {
        "api": api.url,
        "page": stack.enter_context(server(b"<html>Welcome</html>")),
        "silent": f"http://127.0.0.1:{silent.getsockname()[1]}",
        "baseline": str(baseline),
    }
    scrapers = {
        name: stack.enter_context(scraping(folder / name, *ports))
        for name, ports in watched.items()
    }
    for scraper in scrapers.values():
        scraper.wait()
    return {**places, **{name: scraper.url for name, scraper in scrapers.items()}}


def happened(one: Accident, parent: Path, places: dict[str, str]) -> Ended:
    folder = parent / one.name.replace(" ", "-")
    folder.mkdir()
    with ExitStack() as stack:
        if not one.alone:
            return finish(stack.enter_context(begun(one, folder, places)), folder)
        api = stack.enter_context(pretending())
        prometheus = stack.enter_context(scraping(folder, api.port))
        prometheus.wait()
        if one.before is not None:
            one.before(api)
        own = {**places, "api": api.url, "prometheus": prometheus.url}
        process = stack.enter_context(begun(one, folder, own))
        if one.during is not None:
            world = World(api, prometheus, process)
            world.sent(20)
            one.during(world)
        return finish(process, folder)


def begun(
    one: Accident, folder: Path, places: dict[str, str]
) -> AbstractContextManager[subprocess.Popen[str]]:
    words = arguments(folder, api=places["api"], prometheus=places["prometheus"], rules=one.rules)
    if one.waivers:
        (folder / "waivers.yml").write_text(one.waivers)
        words += ["--waivers", str(folder / "waivers.yml")]
    options = [option.format_map(places) for option in one.options]
    return started("run", "--once", *words, *options)


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: accident.name)
def test_an_accident_never_passes(accident: Accident, ended: dict[str, Future[Ended]]) -> None:
    found = ended[accident.name].result()
    assert found.code == accident.code, found.said
    assert accident.says in found.said
