"""The generated alerts with the labels that are known of them, and a copy of their files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import yaml

from alerts.alertmanager_config import alertmanager_document
from alerts.artifacts import GENERATED
from alerts.reading.loaded import LOADER, RULES, load
from alerts.reading.told import CONFIG, alerts_of
from alerts.rule_files import dump

if TYPE_CHECKING:
    from pathlib import Path

ALERTS = alerts_of(load(GENERATED))


def labels_of(name: str) -> dict[str, str]:
    """Return the fixed labels of the first alert of a name."""
    return next(alert.labels for alert in ALERTS if alert.name == name)


def write_folder(folder: Path, *more: dict[str, Any], without: tuple[str, ...] = ()) -> Path:
    """Write the configuration, its templates, and the rules with and without some alerts."""
    shutil.copytree(GENERATED, folder, dirs_exist_ok=True)
    (folder / CONFIG).write_text(dump(alertmanager_document()))
    for path in folder.glob(RULES) if without else ():
        document = yaml.load(path.read_text(), LOADER)  # noqa: S506  # a safe loader, if there is a fast one
        for group in document["groups"]:
            group["rules"] = [rule for rule in group["rules"] if rule.get("alert") not in without]
        path.write_text(dump(document))
    if more:
        groups = [{"name": "more", "rules": list(more)}]
        (folder / "more.rules.yml").write_text(dump({"groups": groups}))
    return folder
