"""The load generator's own arithmetic and inputs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from loadtests.errors import MisuseError
from loadtests.generator import OperationLoad, read_accounts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_quantile_is_a_latency_that_was_measured(share: float, expected: float) -> None:
    seen = OperationLoad("x", Counter({200: 100}), [float(n) for n in range(100, 0, -1)])
    assert seen.quantile(share) == expected


def test_an_accounts_file_that_cannot_be_read_is_misuse(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.txt", tmp_path):
        with pytest.raises(MisuseError, match="cannot be read"):
            read_accounts(path, 1)


def test_too_few_accounts_are_misuse(tmp_path: Path) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text("a@example.org\n")
    with pytest.raises(MisuseError, match="1 accounts for 2 adopters"):
        read_accounts(path, 2)
