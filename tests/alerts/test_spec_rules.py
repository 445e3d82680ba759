"""Specs in the shapes that OpenSLO and Sloth publish go in, and rules come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from alerts.rule_files import FORMATS, render_all, rule_files, write_rule_files
from slo.conventions import ID, identity
from slo.specs.export import FORMATS as SPECS
from slo.specs.read import read_specs
from tests.alerts.conftest import TOOLS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

DATA = TOOLS.parent / "tests" / "slo" / "specs" / "data"
FILES = sorted([*DATA.glob("*/*.yaml"), *DATA.glob("*/*.yml")])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_promtool_has_nothing_to_say_about_rules_of_published_shapes(
    file: Path, promtool: Run, tmp_path: Path
) -> None:
    rendered = render_all(read_specs([file]))
    files = rule_files(rendered)
    write_rule_files(tmp_path, files)
    (tmp_path / "all.yml").write_text(FORMATS["prometheus"](rendered, {}))
    paths = [tmp_path / name for name in (*files, "all.yml")]
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("SUCCESS") == len(files) + 1


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"alertmanager"}))
def test_slos_of_one_file_do_not_lose_each_other(form: str, tmp_path: Path) -> None:
    """Two SLOs of one service, and two of one name in two services."""
    both = tmp_path / "both.yml"
    both.write_text(
        "\n---\n".join((DATA / f"sloth/{n}.yml").read_text() for n in ("shop", "kubernetes"))
    )
    slos = read_specs([both])
    assert len(slos) == 4
    documents = yaml.safe_load_all(FORMATS[form](render_all(slos), {}))
    groups = [g for each in documents for g in each.get("spec", each)["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "record" in rule]
    for slo in slos:
        own = [r["record"] for r in rules if r["labels"].get(ID) == identity(slo)[ID]]
        assert len(own) == len(set(own))
        assert {"slo:objective:ratio", "slo:sli_error:ratio_rate30d"} <= set(own)
    written = [(r["record"], tuple(r["labels"].items())) for r in rules]
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("form", SPECS)
@pytest.mark.parametrize("name", ["shop.yml", "wifi.yml"])
def test_what_was_exported_gives_the_same_rules_again(name: str, form: str, tmp_path: Path) -> None:
    slos = read_specs([DATA / "sloth" / name])
    again = tmp_path / "again.yaml"
    again.write_text(SPECS[form](slos))
    assert rule_files(render_all(read_specs([again]))) == rule_files(render_all(slos))
