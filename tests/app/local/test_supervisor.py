from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from app.local.supervisor import Service, StackError, StoppedError, Supervisor
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOREVER = "import time\nwhile True: time.sleep(60)"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def supervisor(tmp_path: Path, stop: Stop) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, stop)
    yield supervisor
    supervisor.stop_all()


@pytest.fixture
def service(tmp_path: Path) -> Callable[..., Service]:
    """Make a service that is ready once its program has got as far as being ready."""

    def make(name: str, program: str = "", after: str = FOREVER, **given: object) -> Service:
        flag = tmp_path / f"{name}.ready"
        text = f"import pathlib\n{program}\npathlib.Path({str(flag)!r}).touch()\n{after}"
        fields = {"ready": flag.exists, **given}
        return Service(name, [sys.executable, "-c", text], **fields)  # type: ignore[arg-type]

    return make


def test_a_service_starts_when_the_one_before_it_is_ready(
    supervisor: Supervisor,
    service: Callable[..., Service],
    tmp_path: Path,
    alive: Callable[[int], bool],
) -> None:
    waits = "import time\ntime.sleep(0.3)"
    supervisor.start(service("first", waits))
    # Ends at once when it is started too early.
    second = f"assert pathlib.Path({str(tmp_path / 'first.ready')!r}).exists()"
    supervisor.start(service("second", second))
    assert list(supervisor.pids) == ["first", "second"]
    assert all(alive(pid) for pid in supervisor.pids.values())


def test_a_service_has_its_variables_and_its_folder_and_a_log(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    program = (
        "import os, sys\nprint(os.environ['COLOUR'], os.getcwd(), flush=True)\n"
        "print('complaint', file=sys.stderr, flush=True)"
    )
    folder = tmp_path / "inside"
    folder.mkdir()
    supervisor.start(service("talker", program, environment={"COLOUR": "blue"}, cwd=folder))
    assert (tmp_path / "talker.log").read_text() == f"blue {folder}\ncomplaint\n"


def test_a_service_that_ends_before_it_is_ready_is_named_with_its_log(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    with pytest.raises(StackError) as caught:
        supervisor.start(service("fragile", "raise SystemExit(3)"))
    assert str(caught.value) == f"fragile exited with 3; its log is {tmp_path / 'fragile.log'}"


def test_a_service_that_ends_while_another_starts_is_named(
    supervisor: Supervisor, service: Callable[..., Service]
) -> None:
    supervisor.start(service("first", after=FOREVER))
    os.kill(supervisor.pids["first"], signal.SIGKILL)
    with pytest.raises(StackError, match=r"^first was ended by SIGKILL; its log is "):
        supervisor.start(service("second", FOREVER))


def test_a_service_that_never_gets_ready_is_named_with_its_log(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    with pytest.raises(StackError) as caught:
        supervisor.start(service("slow", FOREVER, ready_seconds=0.2))
    log = tmp_path / "slow.log"
    assert str(caught.value) == f"slow was not ready after 0 s; its log is {log}"


def test_a_program_that_is_not_there_is_named(supervisor: Supervisor, tmp_path: Path) -> None:
    absent = Service("absent", [str(tmp_path / "absent")], lambda: True)
    with pytest.raises(StackError, match=r"^absent cannot be started: .*No such file"):
        supervisor.start(absent)
    assert supervisor.pids == {}


def test_watching_names_the_service_that_crashed_and_its_log(
    supervisor: Supervisor, service: Callable[..., Service], tmp_path: Path
) -> None:
    for name in ("first", "second", "third"):
        supervisor.start(service(name))
    os.kill(supervisor.pids["second"], signal.SIGSEGV)
    with pytest.raises(StackError) as caught:
        supervisor.watch()
    log = tmp_path / "second.log"
    assert str(caught.value) == f"second was ended by SIGSEGV; its log is {log}"


def test_watching_ends_when_somebody_asks(
    supervisor: Supervisor, service: Callable[..., Service], stop: Stop
) -> None:
    supervisor.start(service("first"))
    threading.Timer(0.1, stop.set).start()
    supervisor.watch()


def test_asking_ends_a_start(
    supervisor: Supervisor, service: Callable[..., Service], stop: Stop
) -> None:
    stop.set()
    with pytest.raises(StoppedError):
        supervisor.start(service("slow", FOREVER))


def test_all_are_stopped_last_started_first(
    supervisor: Supervisor,
    service: Callable[..., Service],
    tmp_path: Path,
    alive: Callable[[int], bool],
) -> None:
    order = tmp_path / "order"
    for name in ("first", "second", "third"):
        note = (
            "import signal, sys\n"
            "def end(*_):\n"
            f"    with open({str(order)!r}, 'a') as file: file.write('{name} ')\n"
            "    sys.exit()\n"
            "signal.signal(signal.SIGINT, end)\n"
        )
        supervisor.start(service(name, note, stop_signal=signal.SIGINT))
    pids = supervisor.pids.values()
    supervisor.stop_all()
    assert order.read_text() == "third second first "
    assert not any(alive(pid) for pid in pids)
    assert supervisor.pids == {}


def test_a_service_that_ignores_its_signal_is_killed(
    supervisor: Supervisor, service: Callable[..., Service], alive: Callable[[int], bool]
) -> None:
    supervisor.start(service("stubborn", STUBBORN, stop_seconds=0.2))
    supervisor.start(service("polite"))
    pids = supervisor.pids.values()
    supervisor.stop_all()
    assert not any(alive(pid) for pid in pids)


def test_a_command_runs_to_its_end(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.run("once", [sys.executable, "-c", "import os; print(os.environ['X'])"], {"X": "1"})
    assert (tmp_path / "once.log").read_text() == "1\n"
    assert supervisor.pids == {}


def test_a_command_that_fails_is_named_with_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(StackError) as caught:
        supervisor.run("once", [sys.executable, "-c", "raise SystemExit(4)"], {})
    assert str(caught.value) == f"once exited with 4; its log is {tmp_path / 'once.log'}"


def test_asking_ends_a_command(
    supervisor: Supervisor, stop: Stop, tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    pid = tmp_path / "pid"
    program = f"import os, pathlib, time; pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))"
    stop.set()
    with pytest.raises(StoppedError):
        supervisor.run("endless", [sys.executable, "-c", f"{program}; time.sleep(600)"], {})
    assert not pid.exists() or not alive(int(pid.read_text()))
