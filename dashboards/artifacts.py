"""The generated dashboards: rendered in memory, written, and compared with what is on disk."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards.house import document
from dashboards.registry import BOARDS

GENERATED = Path(__file__).parent / "generated"


def render() -> dict[str, str]:
    """Render every dashboard; the same declarations give the same bytes."""
    return {
        f"{uid}.json": json.dumps(document(board), indent=2, sort_keys=True, ensure_ascii=False)
        + "\n"
        for uid, board in BOARDS.items()
    }


def write(folder: Path = GENERATED) -> list[str]:
    """Write what differs and remove what nothing declares; returns the names touched."""
    folder.mkdir(parents=True, exist_ok=True)
    files = render()
    touched = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            touched.append(name)
    for stale in _stale(files, folder):
        stale.unlink()
        touched.append(stale.name)
    return touched


def differences(folder: Path = GENERATED) -> list[str]:
    """Name every file that is not what the declarations render, with what mends it."""
    files = render()
    found = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{path}: missing; run `make build`")
            continue
        line = _first_difference(path.read_text(encoding="utf-8"), text)
        if line is not None:
            found.append(f"{path}:{line}: not what is declared; run `make build`, edit the source")
    return found + [
        f"{path}: nothing declares it; run `make build`" for path in _stale(files, folder)
    ]


def _stale(files: dict[str, str], folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file() and path.name not in files)


def _first_difference(found: str, wanted: str) -> int | None:
    if found == wanted:
        return None
    pairs = zip(found.splitlines(), wanted.splitlines(), strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    shorter = min(len(found.splitlines()), len(wanted.splitlines()))
    return 1 + (shorter if same is None else same)
