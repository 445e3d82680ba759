"""Asking Prometheus: what it says, and what is said when it says nothing useful."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from app.local.ports import HOST
from app.runbooks.prometheus import MOST_ASKING, MOST_QUERIES, MOST_SERIES, Prometheus, Sample

if TYPE_CHECKING:
    from tests.app.conftest import WaitUntil
    from tests.app.runbooks.conftest import Answering


def vector(count: int, value: str = "1") -> bytes:
    series = [{"metric": {"n": str(n)}, "value": [0, value]} for n in range(count)]
    document = {"status": "success", "data": {"resultType": "vector", "result": series}}
    return json.dumps(document).encode()


def test_a_real_prometheus_gives_values_and_its_own_words(prometheus: str) -> None:
    many = " or ".join(f'label_replace(vector({n}), "n", "{n}", "", "")' for n in range(25))
    asked = ["vector(1.5)", "42", "absent_metric", "1 +", many, "up[5m]", "1 / vector(0)"]
    answers = Prometheus(prometheus).ask(asked)
    found = [answers.found[query] for query in asked]
    assert answers.silent == ""
    assert found[0].samples == (Sample({}, "1.5"),)
    assert found[1].samples == (Sample({}, "42"),)
    assert found[2].samples == ()
    assert "parse error" in found[3].refused
    assert (len(found[4].samples), found[4].left_out) == (MOST_SERIES, 5)
    assert found[5].refused == "a matrix has no value of now"
    assert found[6].samples == (Sample({}, "inf"),)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"{}", 200),
        (b"[]", 502),
        (b"", 302),
        (b'{"status": "success", "data": {"resultType": "vector", "result": [1]}}', 200),
    ],
)
def test_what_is_no_prometheus_is_named(body: bytes, status: int, answering: Answering) -> None:
    with answering(body, status) as url:
        answers = Prometheus(url).ask(["up"])
    assert answers.found["up"].refused == f"no answer of a Prometheus: HTTP {status}"


def test_an_answer_without_end_is_not_read_to_its_end(answering: Answering) -> None:
    with answering(vector(60_000)) as url:
        answers = Prometheus(url).ask(["up"])
    assert answers.found["up"].refused == "the answer is too long: aggregate the query"


def test_long_labels_are_cut(answering: Answering) -> None:
    series = [{"metric": {"n": "x" * 5000}, "value": [0, "NaN"]}]
    document = {"status": "success", "data": {"resultType": "vector", "result": series}}
    with answering(json.dumps(document).encode()) as url:
        (sample,) = Prometheus(url).ask(["up"]).found["up"].samples
    assert len(sample.labels["n"]) == 200
    assert sample.value == "nan"


def test_a_page_asks_only_so_many_queries(answering: Answering) -> None:
    with answering(vector(1)) as url:
        answers = Prometheus(url).ask([f"up == {n}" for n in range(50)])
    assert len(answers.found) == MOST_QUERIES


def test_nobody_there_is_told_at_once(free_port: int) -> None:
    answers = Prometheus(f"http://{HOST}:{free_port}").ask(["up"])
    assert answers.silent == "Prometheus does not answer (ConnectError)"


def test_a_machine_without_a_thread_to_spare_keeps_no_place_taken(answering: Answering) -> None:
    with answering(vector(1)) as url:
        prometheus = Prometheus(url)
        # No machine has as much memory.
        before = threading.stack_size(1 << 46)
        try:
            said = [prometheus.ask(["up"]).silent for _ in range(MOST_ASKING + 1)]
        finally:
            threading.stack_size(before)
        assert set(said) == {"Prometheus cannot be asked (RuntimeError)"}
        assert prometheus.ask(["up"]).found


def test_one_that_never_ends_is_left_at_the_deadline_and_gives_its_place_free(
    dripping: str, wait_until: WaitUntil
) -> None:
    prometheus = Prometheus(dripping, patience_seconds=0.3)
    begun = time.monotonic()
    with ThreadPoolExecutor(MOST_ASKING + 1) as readers:
        said = list(readers.map(lambda _: prometheus.ask(["up"]).silent, range(MOST_ASKING + 1)))
    assert time.monotonic() - begun < 3
    assert Counter(said) == {
        "Prometheus took longer than 0.3 s": MOST_ASKING,
        "others are asking Prometheus; load this page again": 1,
    }
    wait_until(lambda: "others" not in prometheus.ask(["up"]).silent, "a free place")
