"""A server is waited for until it has told of its last request, and no longer."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from loadtests.bench import servers
from loadtests.bench.servers import SINK, Running, Variant
from loadtests.errors import InvalidRun
from loadtests.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS, OTHER = "0af7651916cd43dd8448eb211c80319c", "f" * 32
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@contextmanager
def sink() -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        SINK, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def export(url: str, trace_id: str, *, packed: bool) -> None:
    body = b"\x0a\x10" + bytes.fromhex(trace_id)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed else body
    with _open(urllib.request.Request(url, content, headers), timeout=5) as answer:  # noqa: S310
        assert answer.status == 200


def told(url: str, trace_id: str) -> dict[str, bool]:
    with _open(f"{url}/{trace_id}", timeout=5) as answer:
        found: dict[str, bool] = json.load(answer)
        return found


def write(process: subprocess.Popen[str], trace_id: str) -> None:
    assert process.stdin
    process.stdin.write(json.dumps({"trace_id": trace_id}) + "\n")
    process.stdin.flush()


def running(url: str, log: Path, *, tells: bool = True) -> Running:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return Running(Variant("some", "", (), tells=tells), 0, process, url, log)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_trace_is_told_of_by_its_span_and_its_line_alone(tmp_path: Path, packed: bool) -> None:
    with sink() as (process, url):
        export(url, OURS, packed=packed)
        assert told(url, OURS) == {"line": False, "span": True}
        write(process, OURS)
        running(url, tmp_path).wait_told(OURS)
        assert told(url, OTHER) == {"line": False, "span": False}


def test_a_server_that_tells_half_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "TELL_SECONDS", 0.3)
    with sink() as (process, url):
        write(process, OURS)
        with pytest.raises(InvalidRun, match=r"has not told of a request .* 'span': False"):
            running(url, tmp_path).wait_told(OURS)


def test_a_server_that_has_ended_with_its_sink_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(InvalidRun, match="some has ended"):
        running("http://127.0.0.1:9", tmp_path).wait_told(OURS)


def test_a_server_that_tells_nothing_by_design_is_not_waited_for(tmp_path: Path) -> None:
    running("http://127.0.0.1:9", tmp_path, tells=False).wait_told(OURS)
