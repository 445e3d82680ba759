"""The accounts that a generator is given; what it sends is in test_open_load.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.errors import MisuseError
from loadtests.generator import read_accounts

if TYPE_CHECKING:
    from pathlib import Path


def test_an_account_for_every_session_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text("a@example.org\nb@example.org\n")
    read_accounts(path, 2)


def test_too_few_accounts_are_misuse(tmp_path: Path) -> None:
    path = tmp_path / "accounts.txt"
    path.write_text("a@example.org\n\n")
    with pytest.raises(MisuseError, match="has 1 accounts for 2 sessions"):
        read_accounts(path, 2)


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"\xff\xfe\x00", "it is no text")]
)
def test_an_accounts_file_that_cannot_be_read_is_misuse(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "accounts.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MisuseError, match=f"cannot be read: {why}"):
        read_accounts(path, 1)


def test_a_folder_is_no_file_of_accounts(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="cannot be read: Is a directory"):
        read_accounts(tmp_path, 1)
