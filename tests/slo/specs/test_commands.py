"""The commands, as a team would run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DATA = Path("tests/slo/specs/data")
REQUESTS = "requests-availability"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "slo", *map(str, arguments)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_import_is_a_table_of_what_was_read() -> None:
    done = run("import", DATA / "sloth/kubernetes.yml", DATA / "openslo/slices.yaml")
    assert done.returncode == 0
    rows = [line.split("  ") for line in done.stdout.splitlines()]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["SLO", "service", "objective", "period", "counts", "from"],
        [REQUESTS, "orders", "99.9 %", "30d", "events", f"{DATA}/sloth/kubernetes.yml:12"],
        [REQUESTS, "stock", "99.99 %", "30d", "a ratio", f"{DATA}/sloth/kubernetes.yml:33"],
        [
            "web-availability",
            "web",
            "99.5 %",
            "week, America/New_York",
            "slices of 1m",
            f"{DATA}/openslo/slices.yaml:2",
        ],
    ]
    assert done.stderr.startswith("note: tests/slo/specs/data/openslo/slices.yaml:37: ")


def test_an_import_as_json_says_everything_of_an_slo() -> None:
    done = run("import", "--format", "json", DATA / "openslo/references.yaml")
    short, _ = json.loads(done.stdout)
    assert short["objective"] == "0.99"
    assert short["period"] == "28d"
    assert short["sli"]["kind"] == "moments"
    assert [window["factor"] for window in short["burn_windows"]] == ["14.4", "3"]


def test_problems_are_lines_and_exit_2_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "spec.yml"
    file.write_text("version: prometheus/v1\nservise: shop\nslos: []\n")
    done = run("import", file, DATA / "openslo/raw.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"{file}:1: service is missing",
        f"{file}:2: servise: there is no such field; did you mean service?",
        f"{file}:3: slos: there is no SLO; give one",
    ]


def test_an_export_can_be_imported(tmp_path: Path) -> None:
    written = run("export", "--format", "openslo", "swipe-latency")
    assert (written.returncode, written.stderr) == (0, "")
    file = tmp_path / "spec.yaml"
    file.write_text(written.stdout)
    assert run("import", file).stdout.splitlines()[1].startswith("swipe-latency  petswipe  95 %")


def test_an_export_turns_one_spec_into_another() -> None:
    done = run(
        "export", "--format", "openslo", "--spec", DATA / "sloth/shop.yml", "checkout-latency"
    )
    assert done.stdout.startswith("apiVersion: openslo/v1\nkind: SLO\n")
    assert "checkout-availability" not in done.stdout


def test_an_export_of_what_a_format_cannot_say_is_one_sentence_and_exit_2() -> None:
    done = run("export", "--format", "sloth", "--spec", DATA / "openslo/slices.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("Error: web-availability: a spec of Sloth has")


@pytest.mark.parametrize("form", ["prometheus", "prometheusrule", "alertmanager"])
def test_who_asks_for_rules_is_told_where_they_are(form: str) -> None:
    done = run("export", "--format", form)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"python -m alerts export --format {form}" in done.stderr
    assert "python -m alerts export" in run("export", "--help").stdout


def test_two_services_with_one_id_are_exported_apart() -> None:
    given = ("export", "--format", "openslo", "--spec", DATA / "sloth/kubernetes.yml")
    both = run(*given, REQUESTS)
    assert (both.returncode, both.stdout) == (2, "")
    assert f"write them one at a time, like stock-{REQUESTS}" in both.stderr
    one = run(*given, f"stock-{REQUESTS}")
    assert one.returncode == 0
    assert one.stdout.count("kind: SLO\n") == 1
    assert "service: stock\n" in one.stdout


def test_an_unknown_slo_is_misuse() -> None:
    done = run("export", "--format", "sloth", "--spec", DATA / "sloth/shop.yml", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "there is no SLO 'nothing': one of checkout-availability, checkout-latency" in done.stderr
    )
