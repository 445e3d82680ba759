from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.signal import Dashboard
from dashboards.artifacts import differences, render, write

ROOT = Path(__file__).parents[2]
ONE = "application.json"


def test_there_is_one_file_a_dashboard_named_after_its_uid() -> None:
    assert sorted(render()) == sorted(f"{uid}.json" for uid in Dashboard)
    for name, text in render().items():
        assert json.loads(text)["uid"] == name.removesuffix(".json")
        assert text.endswith("}\n")


def test_another_process_with_another_hash_seed_renders_the_same_bytes() -> None:
    code = "from dashboards.artifacts import render; print(ascii(sorted(render().items())))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == ascii(sorted(render().items()))


def test_building_writes_all_files_and_again_none(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "generated"
    assert sorted(write(folder)) == sorted(render())
    assert write(folder) == []
    assert differences(folder) == []


def test_building_mends_what_was_edited_and_prunes_what_nothing_declares(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / ONE).write_text("{}\n")
    (tmp_path / "cost.json").unlink()
    (tmp_path / "retired.json").write_text("{}\n")
    assert sorted(write(tmp_path)) == [ONE, "cost.json", "retired.json"]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == render()


@pytest.mark.parametrize(("old", "new", "line"), [("{", "[", 1), ('"editable": false', "", None)])
def test_a_difference_is_named_by_its_first_line(
    old: str, new: str, line: int | None, tmp_path: Path
) -> None:
    write(tmp_path)
    path = tmp_path / ONE
    text = path.read_text()
    expected = line or 1 + text[: text.index(old)].count("\n")
    path.write_text(text.replace(old, new, 1))
    assert differences(tmp_path) == [
        f"{path}:{expected}: not what is declared; run `make build`, edit the source"
    ]


def test_what_is_missing_and_what_nobody_declares_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / ONE).rename(tmp_path / "retired.json")
    assert differences(tmp_path) == [
        f"{tmp_path / ONE}: missing; run `make build`",
        f"{tmp_path / 'retired.json'}: nothing declares it; run `make build`",
    ]
