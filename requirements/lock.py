"""Write the hashed requirements files from pyproject.toml, or check that they still match it.

    python requirements/lock.py           resolve anew (needs uv and a package registry)
    python requirements/lock.py --check   compare offline; exit 1 and one line a problem

The files hold versions and hashes only, so that no address of an index enters the repository.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
PYPROJECT = HERE.parent / "pyproject.toml"
LOCKS = {"dev.txt": ("dev",), "app.txt": ()}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
HEADER = "# Made by `make lock` from pyproject.toml; do not edit.\n# inputs sha256: {digest}\n"


def declared(document: dict[str, Any], groups: tuple[str, ...]) -> list[str]:
    """List the requirement lines of the project and of the groups, includes resolved."""
    lines = list(document["project"]["dependencies"])
    pending = list(groups)
    while pending:
        for entry in document["dependency-groups"][pending.pop()]:
            if isinstance(entry, str):
                lines.append(entry)
            else:
                pending.append(entry["include-group"])
    return sorted(set(lines))


def digest(document: dict[str, Any], groups: tuple[str, ...]) -> str:
    """Fingerprint what a lock file was made from."""
    inputs = [document["project"]["requires-python"], declared(document, groups)]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def problems(document: dict[str, Any], folder: Path = HERE) -> list[str]:
    """Name every lock file that does not match pyproject.toml, with what would mend it."""
    found = []
    for name, groups in LOCKS.items():
        path = folder / name
        if not path.is_file():
            found.append(f"requirements/{name} is missing: run `make lock`")
            continue
        text = path.read_text()
        if f"# inputs sha256: {digest(document, groups)}" not in text:
            found.append(f"requirements/{name} was made from other requirements: run `make lock`")
        pins = {canonicalize_name(m["name"]): m["version"] for m in PIN.finditer(text)}
        found += unmet(name, [Requirement(line) for line in declared(document, groups)], pins)
        if "://" in text:
            found.append(
                f"requirements/{name} holds an address: a lock has versions and hashes only"
            )
    return found


def unmet(name: str, wanted: list[Requirement], pins: Mapping[NormalizedName, str]) -> list[str]:
    """Name the requirements that no pin of the file satisfies."""
    return [
        f"requirements/{name} does not satisfy {requirement}: run `make lock`"
        for requirement in wanted
        if (pin := pins.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(pin, prereleases=True)
    ]


def resolve(document: dict[str, Any]) -> None:
    """Resolve every lock file; app.txt is held to the versions of dev.txt."""
    for name, groups in LOCKS.items():
        path = HERE / name
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate"]
        command += ["--upgrade", "--python-version", "3.11", str(PYPROJECT)]
        command += [part for group in groups for part in ("--group", group)]
        if name != "dev.txt":
            command += ["--constraint", str(HERE / "dev.txt")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        path.write_text(HEADER.format(digest=digest(document, groups)) + done.stdout)
        print(f"requirements/{name}: {len(PIN.findall(done.stdout))} packages")


def main() -> int:
    """Run one of the two forms and return the exit code."""
    document = tomllib.loads(PYPROJECT.read_text())
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    if not sys.argv[1:]:
        resolve(document)
    found = problems(document)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
