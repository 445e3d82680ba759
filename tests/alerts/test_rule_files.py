"""Rules of any team's specs: files, Kubernetes objects, muting; all of it or nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from alerts.rule_files import (
    FORMATS,
    HEADER,
    RuleFileError,
    dump,
    render_all,
    rule_files,
    write_rule_files,
)
from slo.model import Alerting
from tests.alerts.kinds import BAD_QUERY, COMPOSITE, GROUPS, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 110
SPEC = """\
version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 95
    description: Requests are answered.
    sli:
      events:
        error_query: sum(rate(requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting:
      name: ShopRequests
      page_alert: {labels: {severity: wake-up}}
      ticket_alert: {disable: true}
  - name: orders
    objective: 95
    description: Orders are taken.
    sli:
      events:
        error_query: sum(rate(orders_total{ok="no"}[{{.window}}]))
        total_query: sum(rate(orders_total[{{.window}}]))
    alerting:
      name: ShopOrders
      page_alert: {disable: true}
      ticket_alert: {disable: true}
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alerts", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def test_promtool_finds_nothing_to_improve_in_rules_of_any_kind(
    promtool: Run, tmp_path: Path
) -> None:
    files = rule_files(render_all(KINDS))
    write_rule_files(tmp_path, files)
    paths = [tmp_path / name for name in files]
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SUCCESS") == len(KINDS)


def test_promtool_accepts_all_of_them_as_one_file_too(promtool: Run, tmp_path: Path) -> None:
    twin = replace(BAD_QUERY, service="other")
    path = tmp_path / "all.yml"
    path.write_text(FORMATS["prometheus"](render_all([*KINDS, twin]), {}))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert done.returncode == 0, done.stdout


def test_both_writers_of_yaml_write_the_same() -> None:
    for one in render_all(KINDS):
        document = {"groups": [group.document() for group in one.groups]}
        assert dump(document) == yaml.safe_dump(document, sort_keys=False, width=120)


def test_the_operator_gets_one_object_an_slo() -> None:
    rendered = render_all([BAD_QUERY, GROUPS])
    first, second = yaml.safe_load_all(FORMATS["prometheusrule"](rendered, {"role": "alerts"}))
    assert {key: first[key] for key in ("apiVersion", "kind", "metadata")} == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "shop-bad-query", "labels": {"role": "alerts"}},
    }
    assert second["spec"] == {"groups": [group.document() for group in rendered[1].groups]}
    assert "labels:" not in FORMATS["prometheusrule"](rendered, {}).split("spec:")[0]


def test_the_groups_of_a_kubernetes_object_are_rules_of_prometheus(
    promtool: Run, tmp_path: Path
) -> None:
    objects = list(yaml.safe_load_all(FORMATS["prometheusrule"](render_all(KINDS), {})))
    assert len(objects) == len(KINDS)
    paths = [tmp_path / f"{each['metadata']['name']}.yml" for each in objects]
    for path, each in zip(paths, objects, strict=True):
        path.write_text(yaml.safe_dump(each["spec"]))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SUCCESS") == len(KINDS)


@pytest.mark.parametrize("service", ["Shop", "a.-b", "a._.b", "a//b", "x" * 128, "9-", "shop._-/"])
def test_every_object_has_a_name_that_kubernetes_takes(service: str) -> None:
    slo = replace(BAD_QUERY, service=service, id="a" * 63 + "-")
    (one,) = render_all([slo])
    # RFC 1123, as Kubernetes checks it.
    label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    assert re.fullmatch(rf"{label}(\.{label})*", one.name)
    assert len(one.name) <= 253


def test_kubernetes_objects_are_written_one_a_file(tmp_path: Path) -> None:
    spec, out = tmp_path / "spec.yml", tmp_path / "out"
    spec.write_text(SPEC)
    given = ("--spec", spec, "--format", "prometheusrule", "--label", "app.io/role=alerts")
    done = run("export", *given, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    names = ["shop-requests.rules.yml", "shop-orders.rules.yml"]
    assert done.stdout.splitlines() == [f"changed {out / name}" for name in names]
    found = [yaml.safe_load((out / name).read_text()) for name in names]
    assert [each["metadata"]["name"] for each in found] == ["shop-requests", "shop-orders"]
    assert {each["metadata"]["labels"]["app.io/role"] for each in found} == {"alerts"}
    assert found == list(yaml.safe_load_all(run("export", *given).stdout))


@pytest.mark.parametrize("label", ["a b=c", "=x", "role=a/b", f"role={'x' * 64}"])
def test_what_is_no_label_of_kubernetes_is_misuse(label: str) -> None:
    done = run("export", "--format", "prometheusrule", "--label", label)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: {label} is no label of Kubernetes, like release=prometheus\n"


def test_alertmanager_accepts_the_muting(amtool: Run, tmp_path: Path) -> None:
    text = FORMATS["alertmanager"](render_all([GROUPS, COMPOSITE]), {})
    assert text.count("- region") == 3
    assert "&id" not in text
    path = tmp_path / "alertmanager.yml"
    path.write_text(f"route: {{receiver: nobody}}\nreceivers: [{{name: nobody}}]\n{text}")
    done = amtool("check-config", path)
    assert done.returncode == 0, done.stdout
    assert "3 inhibit rules" in done.stdout


@pytest.mark.parametrize(
    ("slos", "message"),
    [
        ([BAD_QUERY, replace(BAD_QUERY, service="Shop")], "would be written to shop-bad-query"),
        ([replace(BAD_QUERY, alerting=Alerting(name="my_alert"))], "PascalCase"),
        ([replace(BAD_QUERY, title="{{ bad }}")], "a fixed sentence"),
    ],
)
def test_what_cannot_be_rules_is_refused_by_name(slos: list[object], message: str) -> None:
    with pytest.raises(RuleFileError, match=message):
        render_all(slos)  # type: ignore[arg-type]


def test_specs_become_a_file_each_and_leave_what_is_not_theirs(tmp_path: Path) -> None:
    spec, out = tmp_path / "spec.yml", tmp_path / "out" / "rules"
    spec.write_text(SPEC)
    done = run("build", "--spec", spec, "--out", out, "--runbooks", "https://example.org/{alert}")
    assert (done.returncode, done.stderr) == (0, "")
    names = ["shop-requests.rules.yml", "shop-orders.rules.yml"]
    assert done.stdout.splitlines() == [f"changed {out / name}" for name in names]
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert b"runbook_url: https://example.org/ShopRequestsBudgetBurnPage" in before[out / names[0]]
    assert b"alert:" not in before[out / names[1]]
    (out / "mine.rules.yml").write_text("groups: []\n")
    (out / "old.rules.yml").write_text(f"{HEADER}groups: []\n")
    again = run("build", "--spec", spec, "--out", out, "--runbooks", "https://example.org/{alert}")
    assert again.stdout.splitlines() == [f"changed {out / 'old.rules.yml'}"]
    (out / "mine.rules.yml").unlink()
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_a_wrong_spec_is_misuse_and_nothing_is_written(tmp_path: Path) -> None:
    spec, out = tmp_path / "spec.yml", tmp_path / "out"
    for text in (SPEC.replace("objective: 95", "objective: 950", 1), SPEC + "  - name: x\n"):
        spec.write_text(text)
        done = run("build", "--spec", spec, "--out", out)
        assert done.returncode == 2
        assert done.stderr.startswith(f"{spec}:")
        assert "Traceback" not in done.stderr
        assert not out.exists()
    spec.write_text(SPEC.replace("ShopRequests", "no name"))
    done = run("build", "--spec", spec, "--out", out)
    assert (done.returncode, out.exists()) == (2, False)
    assert "no name" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--spec", "x.yml"),
        ("build", "--out", "x"),
        ("build", "--runbooks", "https://example.org"),
        ("export",),
        ("export", "--format", "prometheusrule", "--label", "x"),
        ("export", "--format", "prometheus", "--out", "x"),
        ("export", "--format", "prometheus", "nobody"),
        ("export", "--format", "prometheus", "--spec", "nowhere.yml"),
        ("test", "nobody"),
        ("test", "--promtool", "nowhere"),
    ],
)
def test_misuse_is_one_sentence_and_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_rehearsals_are_kept_and_told_as_json_or_a_table(promtool: Run, tmp_path: Path) -> None:
    assert promtool("--version").returncode == 0
    spec, kept = tmp_path / "spec.yml", tmp_path / "kept"
    spec.write_text(SPEC)
    tool = ROOT / ".tools" / "usr" / "bin" / "promtool"
    given = ("--promtool", tool) if tool.is_file() else ()
    done = run("test", "shop-requests", "--spec", spec, "--keep", kept, "--format", "json", *given)
    assert done.returncode == 0
    # A table or a document is all of stdout; progress, if it takes long, is not.
    assert all(line.startswith("rehearsed ") for line in done.stderr.splitlines())
    results = json.loads(done.stdout)
    assert {result["outcome"] for result in results} == {"passed"}
    assert {result["slo"] for result in results} == {"shop-requests"}
    assert len(results) == 2 * 6 + 9
    names = {path.name for path in kept.iterdir()}
    assert "shop-requests.rules.yml" in names
    assert "shop-requests-every-1m.test.yml" in names
    table = run("test", "orders", "--spec", spec, *given)
    assert (table.returncode, table.stdout) == (0, "no alerts\n")


def test_a_failed_rehearsal_is_told_with_what_promtool_saw(tmp_path: Path) -> None:
    """This error query has no value until something fails."""
    spec = tmp_path / "spec.yml"
    text = SPEC.partition("  - name: orders")[0].replace(
        "page_alert: {labels: {severity: wake-up}}", ""
    )
    events = text[text.index("      events:") : text.index("    alerting:")]
    raw = (
        "      raw:\n        error_ratio_query: >-\n"
        '          sum(rate(requests_total{code="500"}[{{.window}}]))\n'
        "          / sum(rate(requests_total[{{.window}}]))\n"
    )
    spec.write_text(text.replace(events, raw))
    done = run("test", "--spec", spec)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "healthy, no failure ever" in done.stdout
    assert "got: {}" in done.stdout
