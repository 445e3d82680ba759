"""Make the environment in .venv from the lock, with the Python that runs this file.

Run by `make`; needs nothing but the standard library. On Debian the module that makes environments
is a package of its own, which is installed when this runs as root and named when it does not.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".venv"
OLDEST = (3, 11)


def main():
    """Create the environment, install every locked package, and leave a stamp for make."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        return f"PetSwipe needs Python 3.11 or later, this is {found}: make PYTHON=python3.11 …"
    if importlib.util.find_spec("ensurepip") is None:
        complaint = install_ensurepip()
        if complaint:
            return complaint
    print(f"making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    code = install_packages()
    if code != 0:
        return f"pip could not install the locked packages (exit {code}); its words are above"
    (VENV / ".installed").touch()
    return 0


def install_ensurepip():
    """Install Debian's python3-venv, or say what to do."""
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"Python's venv module is incomplete: install {package} (or python3-venv) first"
    print(f"installing {package}", flush=True)
    quiet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with open(os.devnull, "wb") as nowhere:
        for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            done = subprocess.run(quiet + command, env=environment, stdout=nowhere, check=False)
            if done.returncode != 0:
                return f"apt-get could not install {package}"
    importlib.invalidate_caches()
    return ""


def install_packages():
    """Run pip on the lock and show how far it is; prints its words only when it fails."""
    lock = HERE / "dev.txt"
    packages = sum("==" in line for line in lock.read_text().splitlines())
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--require-hashes"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-r", str(lock)]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    words, collected = [], 0
    for line in pip.stdout:
        words.append(line)
        if line.startswith("Collecting "):
            collected += 1
            if collected % 20 == 0:
                print(f"  {collected} of {packages} packages", flush=True)
        if line.startswith("Installing "):
            print(f"  installing {packages} packages", flush=True)
    code = pip.wait()
    if code != 0:
        print("".join(words[-30:]), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
