"""The generated files: rendered in memory, written, and compared with what is on disk."""

from __future__ import annotations

from pathlib import Path

from alerts.alertmanager_config import TEMPLATES, alertmanager_document
from alerts.prometheus_config import blackbox_document, prometheus_document
from alerts.registry import RULE_FILES
from alerts.rule_files import dump

GENERATED = Path(__file__).parent / "generated"
HEADER = "# Generated from {source} by `python -m alerts build`; do not edit.\n"


def render() -> dict[str, str]:
    """Render every generated file; the same declarations give the same bytes."""
    files = {
        name: as_yaml(file.source, {"groups": [group.document() for group in file.groups]})
        for name, file in RULE_FILES.items()
    }
    files["prometheus.yml"] = as_yaml("alerts/prometheus_config.py", prometheus_document())
    files["blackbox.yml"] = as_yaml("alerts/prometheus_config.py", blackbox_document())
    files["alertmanager.yml"] = as_yaml("alerts/alertmanager_config.py", alertmanager_document())
    files[TEMPLATES] = _template()
    return files


def _template() -> str:
    """Copy the message templates; what stands outside of their definitions is sent to nobody."""
    header = HEADER.format(source=f"alerts/{TEMPLATES}")
    return header + (Path(__file__).parent / TEMPLATES).read_text()


def write(folder: Path = GENERATED) -> list[str]:
    """Write what differs and remove what is no longer rendered; returns the names touched."""
    folder.mkdir(exist_ok=True)
    files = render()
    touched = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            touched.append(name)
    for stale in _stale(files, folder):
        stale.unlink()
        touched.append(str(stale.relative_to(folder)))
    return touched


def differences(folder: Path = GENERATED) -> list[str]:
    """Name every file that is not what the declarations render, with what mends it."""
    files = render()
    found = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path}: missing; run `make build`")
        elif (line := _first_difference(path.read_text(), text)) is not None:
            found.append(f"{path}:{line}: not what is declared; run `make build`, edit the source")
    return found + [
        f"{path}: nothing declares it; run `make build`" for path in _stale(files, folder)
    ]


def _stale(files: dict[str, str], folder: Path) -> list[Path]:
    known = {folder / name for name in files}
    return sorted(path for path in folder.rglob("*") if path.is_file() and path not in known)


def _first_difference(found: str, wanted: str) -> int | None:
    if found == wanted:
        return None
    pairs = zip(found.splitlines(), wanted.splitlines(), strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    shorter = min(len(found.splitlines()), len(wanted.splitlines()))
    return 1 + (shorter if same is None else same)


def as_yaml(source: str, document: dict[str, object]) -> str:
    """Write a document as YAML that says what it was generated from."""
    return HEADER.format(source=source) + dump(document)
