from __future__ import annotations

from slo.ports import PORTS, free_port


def test_no_port_is_given_twice() -> None:
    firsts = [free_port(3) for _ in range(300)]
    given = [port for first in firsts for port in range(first, first + 3)]
    assert len(set(given)) == 900
    assert set(given) <= set(PORTS)
