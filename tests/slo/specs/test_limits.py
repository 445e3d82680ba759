"""Files that would hurt: each is one problem, soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slo.specs.locate import MOST_PROBLEMS, SpecError
from slo.specs.read import read_specs

if TYPE_CHECKING:
    from pathlib import Path

BOMB = "a: &a [x]\n" + "".join(f"{c}: &{c} [*{b}, *{b}]\n" for b, c in zip("abcd", "bcde"))  # noqa: B905  # one shorter
HARMFUL = [
    (b"a: " + b"x" * 1_000_001, 1, "more than 1,000,000 bytes"),
    (BOMB.encode(), 2, "the alias *a is not followed"),
    (b"[" * 100_000, 1, "values stand in more than 50 others"),
    (b"---\na: 1\n" * 1_001, 2001, "more than 1000 documents"),
    (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
    (b"a: \x00\n", 1, "not YAML"),
    (b"a: !!python/name:os.system x\n", 1, "the tag"),
    (b"", 1, "the file is empty"),
    (b"# nothing\n", 1, "the file is empty"),
    (b"just words\n", 1, "fields with names are expected"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("content", "line", "sentence"), HARMFUL, ids=[case[2] for case in HARMFUL]
)
def test_a_harmful_file_is_refused(
    tmp_path: Path, content: bytes, line: int, sentence: str
) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read_specs([file])
    assert (caught.value.problems[0].line, sentence in str(caught.value)) == (line, True)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nowhere\.yaml:1: the file cannot be read: No such file"):
        read_specs([tmp_path / "nowhere.yaml"])


@pytest.mark.timeout(20)
def test_a_file_of_nothing_but_problems_ends_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    fields = "".join(f"field{number}: 1\n" for number in range(50_000))
    file.write_text(f"version: prometheus/v1\n{fields}")
    with pytest.raises(SpecError) as caught:
        read_specs([file])
    assert len(caught.value.problems) == MOST_PROBLEMS
