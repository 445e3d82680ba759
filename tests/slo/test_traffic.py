from __future__ import annotations

import pytest

from slo.traffic import DAY, SHAPES, make, shapes


def test_the_same_seed_makes_the_same_traffic() -> None:
    assert [(t.name, t.total, t.bad) for t in shapes(3)] == [
        (t.name, t.total, t.bad) for t in shapes(3)
    ]
    assert shapes(3)[0].total != shapes(4)[0].total


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_fails_when_it_is_broken_and_hardly_ever_else(name: str) -> None:
    traffic = make(name)
    broken = {
        minute for outage in traffic.outages or () for minute in range(outage.begins, outage.ends)
    }
    inside = sum(traffic.bad[minute] for minute in broken)
    outside = sum(bad for minute, bad in enumerate(traffic.bad) if minute not in broken)
    assert len(traffic.total) == 3 * DAY
    assert bool(inside) is bool(broken)
    # One in 100 000 of at most 2.6 million.
    assert outside < 50
