"""The house rules: import contracts, the lock, and that `make check` runs every one of them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "alerts", "dashboards", "loadtests", "slo")
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy what the import contracts look at."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.csv")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("app/pets/service.py", "import slo.model", "The deployed app imports nothing of the kit"),
        ("app/main.py", "import locust", "The deployed app imports nothing of the kit"),
        ("slo/model.py", "import app.settings", "The kit sees of app the catalogue"),
        ("loadtests/run.py", "import app.local.stack", "The kit sees of app the catalogue"),
        ("slo/model.py", "import alerts.model", "dashboards above alerts above slo"),
        ("app/pets/service.py", "import app.swipes.tables", "Imports of the app point down"),
        ("app/telemetry/catalog.py", "import pydantic", "standard library only"),
    ],
)
def test_an_import_against_the_rules_is_named(
    copy: Path, file: str, line: str, contract: str
) -> None:
    path = copy / file
    head = "from __future__ import annotations\n"
    path.write_text(path.read_text().replace(head, f"{head}{line}\n", 1))
    done = lint(copy)
    assert done.returncode == 1, done.stdout
    assert any(contract in row and "BROKEN" in row for row in done.stdout.splitlines())


def test_a_new_module_of_app_must_find_its_layer(copy: Path) -> None:
    (copy / "app" / "homeless.py").write_text("")
    done = lint(copy)
    assert done.returncode == 1
    assert "app.homeless" in done.stdout


def test_package_files_are_empty() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    assert len(files) > len(PACKAGES)
    assert [path for path in files if path.read_text()] == []


def test_make_check_runs_every_check() -> None:
    command = ["make", "--dry-run", "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for part in (
        "requirements/lock.py --check",
        "ruff check",
        "ruff format --check",
        "-m mypy",
        "lint-imports",
        "-m alerts check",
        "-m dashboards check",
    ):
        assert part in done.stdout
    assert "|| true" not in done.stdout


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec make test")
    assert "make test" in (ROOT / "README.md").read_text()


@pytest.fixture
def lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "requirements" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_lock_matches_the_project(lock: ModuleType, project: dict[str, Any]) -> None:
    assert lock.problems(project) == []


def test_a_requirement_that_is_not_locked_is_found(
    lock: ModuleType, project: dict[str, Any]
) -> None:
    project["project"]["dependencies"].append("flask>=99")
    found = lock.problems(project)
    assert any("made from other requirements" in problem for problem in found)
    assert any("does not satisfy flask>=99" in problem for problem in found)


def test_a_lock_with_an_address_or_without_a_file_is_found(
    lock: ModuleType, project: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "requirements" / "dev.txt", tmp_path)
    with (tmp_path / "dev.txt").open("a") as file:
        file.write("-i https://registry.example.org/simple\n")
    found = lock.problems(project, tmp_path)
    assert found == [
        "requirements/dev.txt holds an address: a lock has versions and hashes only",
        "requirements/app.txt is missing: run `make lock`",
    ]


def test_every_locked_package_has_hashes() -> None:
    for name in ("app.txt", "dev.txt"):
        lines = (ROOT / "requirements" / name).read_text().split("\n")
        pins = [i for i, line in enumerate(lines) if "==" in line]
        assert len(pins) > 20
        assert [lines[i] for i in pins if "--hash=sha256:" not in lines[i + 1]] == []


def test_the_deployed_requirements_hold_nothing_of_the_kit() -> None:
    text = (ROOT / "requirements" / "app.txt").read_text()
    for package in ("locust", "moto", "pytest", "matplotlib", "grafanalib"):
        assert f"\n{package}" not in text


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    texts = {
        name: (ROOT / name).read_bytes() for name in done.stdout.split() if name[-4:] != ".png"
    }
    needles = [b"pypi" + b".org", b"files.python" + b"hosted", b"--index" + b"-url http"]
    assert [(n, name) for name, text in texts.items() for n in needles if n in text] == []
    assert not {"uv.lock", "pylock.toml"} & set(texts)
