from __future__ import annotations

from itertools import pairwise

from app.local.ports import OTHERS
from tests.ports import PORTS, find_port, share


def test_no_two_workers_choose_the_same_port() -> None:
    for workers in (1, 3, 4):
        shares = [share(worker, workers) for worker in range(workers)]
        assert all(one.stop == other.start for one, other in pairwise(shares))
        assert shares[0].start == OTHERS.start
        assert shares[-1].stop <= OTHERS.stop
        assert all(len(one) >= 1000 for one in shares)


def test_a_port_is_of_this_worker() -> None:
    assert find_port() in PORTS.others
