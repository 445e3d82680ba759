from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from alerts.artifacts import GENERATED, differences, render, write
from alerts.trace import FILE as TRACE
from app.local.monitoring import Places, write_prometheus_folder
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]
SCRAPES = yaml.safe_load(render()["prometheus.yml"])["scrape_configs"]
TARGETS = {scrape["job_name"]: [9100] for scrape in SCRAPES}
HERE = Places("http://127.0.0.1:1", "http://127.0.0.1:2/runbooks", "http://127.0.0.1:3")
RULES = "slo-swipe-latency.rules.yml"
FIRST_LINE = re.compile(r"# Generated from (\S+) by `python -m alerts build`; do not edit\.")
RULE_FILES = sorted(name for name in render() if name.endswith(".rules.yml"))


def test_the_files_are_these() -> None:
    assert sorted(set(render()) - set(RULE_FILES)) == [
        "alertmanager.yml",
        "blackbox.yml",
        "prometheus.yml",
        "templates/petswipe.tmpl",
    ]
    assert {f"slo-{slo.id}.rules.yml" for slo in OBJECTIVES} < set(RULE_FILES)


def test_every_file_says_where_it_comes_from_and_is_plain_text() -> None:
    for name, text in render().items():
        found = FIRST_LINE.fullmatch(text.splitlines()[0])
        assert found, name
        assert (ROOT / found[1]).is_file()
        assert text.isascii()
        assert text.endswith("\n")


def test_another_process_with_another_hash_seed_renders_the_same_bytes() -> None:
    code = "from alerts.artifacts import render; print(ascii(sorted(render().items())))"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        assert done.stdout.strip() == ascii(sorted(render().items()))


def test_building_into_an_empty_folder_writes_all_files_and_again_none(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    assert sorted(write(folder)) == sorted((*render(), TRACE))
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert write(folder) == []
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert differences(folder) == []


def test_building_mends_what_was_edited_and_prunes_what_nothing_declares(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / RULES).write_text("edited\n")
    (tmp_path / "prometheus.yml").unlink()
    (tmp_path / "slo-retired.rules.yml").write_text("groups: []\n")
    (tmp_path / "templates" / "retired.tmpl").write_text("")
    changed = ["prometheus.yml", "slo-retired.rules.yml", RULES, "templates/retired.tmpl"]
    assert sorted(write(tmp_path)) == changed
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != TRACE]
    assert {str(path.relative_to(tmp_path)): path.read_text() for path in files} == render()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda text: text.replace("interval: 1m", "interval: 2m", 1), 4),
        (lambda text: "" if text else text, 1),
        (lambda text: text + "# mine\n", 1 + len(render()[RULES].splitlines())),
        (lambda text: text.rpartition("  - alert:")[0], None),
    ],
)
def test_a_difference_is_named_by_its_first_line(
    change: Callable[[str], str], line: int | None, tmp_path: Path
) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    changed = change(path.read_text())
    path.write_text(changed)
    expected = line or 1 + len(changed.splitlines())
    assert differences(tmp_path) == [
        f"{path}:{expected}: not what is declared; run `make build`, edit the source"
    ]


def test_promtool_finds_nothing_to_improve_in_the_rules(promtool: Run) -> None:
    files = [GENERATED / name for name in RULE_FILES]
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *files)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SUCCESS: ") == len(files), done.stdout


def test_promtool_would_say_so_if_two_rules_were_the_same(promtool: Run, tmp_path: Path) -> None:
    document = yaml.safe_load((GENERATED / RULES).read_text())
    rules = document["groups"][0]["rules"]
    rules.append(rules[0])
    copy = tmp_path / RULES
    copy.write_text(yaml.safe_dump(document))
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", copy).returncode != 0


@pytest.mark.parametrize("interval", [None, "2s"])
def test_promtool_accepts_the_configuration_with_its_rules_and_targets(
    interval: str | None, promtool: Run, tmp_path: Path
) -> None:
    config = write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, HERE, interval)
    done = promtool("check", "config", "--lint=all", "--lint-fatal", config)
    assert done.returncode == 0, done.stdout
    assert f"{len(RULE_FILES)} rule files found" in done.stdout
    assert "WARNING" not in done.stdout


def test_promtool_accepts_a_short_scrape_interval_because_the_timeout_follows_it(
    promtool: Run, tmp_path: Path
) -> None:
    config = write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, HERE, "1s")
    assert promtool("check", "config", config).returncode == 0
    config.write_text(config.read_text().replace("scrape_timeout: 1s", "scrape_timeout: 2s"))
    assert promtool("check", "config", config).returncode != 0


def test_amtool_accepts_the_configuration_of_alertmanager(amtool: Run, tmp_path: Path) -> None:
    committed = GENERATED / "alertmanager.yml"
    done = amtool("check-config", committed)
    assert done.returncode == 0, done.stdout
    write(tmp_path)
    broken = tmp_path / "alertmanager.yml"
    broken.write_text(committed.read_text().replace("receiver: pager", "receiver: nobody"))
    assert amtool("check-config", broken).returncode != 0
