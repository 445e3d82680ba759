"""What docker-compose.yml says to each program is what the program understands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from app.__main__ import cli
from app.local.tools import find_tool
from app.settings import PREFIX, SECRETS_ARN, SECRETS_DIR, Settings
from app.telemetry.catalog import PROBES
from loadtests.shapes import SHAPES
from tests.compose.stack import OURS, ROOT, SERVICES, environment, ports, words
from tests.loadtests.pretend import pretending
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGES: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "tests" / "compose" / "images.yml").read_text()
)
# The gateway passes on what the service answers.
SERVICE_PORTS = ("8000", "8443")
METRICS_PORT = "9474"
OWN_SCRIPT = "webhook"
# Runs Locust.
LOAD = "petswipe/load"
# Services whose program runs on this machine too, and what it is called here.
HERE = {
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "node-exporter": "node_exporter",
    "postgres-exporter": "postgres_exporter",
    "redis-exporter": "redis_exporter",
    "blackbox": "blackbox_exporter",
}
OPTION = re.compile(r"--?[a-z][\w.-]*")
ADDRESS = re.compile(r"(?:127\.0\.0\.1)[:/](\d+)(?:(/[\w./-]*)| && printf 'GET (\S+))")


def image(name: str) -> str:
    given: str = SERVICES[name]["image"]
    return given.partition(":")[0]


SENDERS = [name for name in SERVICES if image(name) == LOAD]
THEIRS = [name for name in SERVICES if image(name) in IMAGES and name != "prometheus-config"]


def unknown_options(given: list[str], known: list[str]) -> list[str]:
    options = [match[0] for word in given if (match := OPTION.match(word))]
    return [option for option in options if option not in known]


def own_commands(service: dict[str, Any]) -> list[list[str]]:
    """Find the commands of ours that a service runs, also within a line of shell."""
    line = shlex.join(words(service)).replace("'", "")
    return [
        [word for word in shlex.split(part) if word != "then"]
        for part in re.findall(r"python -m app ([^;]+)", line)
    ]


def locust_options(name: str) -> list[str]:
    """Return the options of a service that runs Locust, those of all of them filled in."""
    _, _, line = words(SERVICES[name])[-1].partition("exec locust ")
    return shlex.split(line.replace("$$LOAD", environment(SERVICES[name])["LOAD"]))


def parse(arguments: list[str]) -> None:
    """Let a command of ours read its options; raises what click raises."""
    context = click.Context(cli, **cli.context_settings)
    name, command, rest = cli.resolve_command(context, arguments)
    assert command is not None
    with command.make_context(name, rest, parent=context) as inner:
        if isinstance(command, click.Group):
            command.resolve_command(inner, [*inner._protected_args, *inner.args])  # noqa: SLF001  # what is left


def test_every_image_is_documented_or_ours() -> None:
    others = {image(name) for name in SERVICES} - set(IMAGES)
    assert others == {"petswipe/api", "petswipe/backup", "petswipe/load", "python"}
    assert set(IMAGES) <= {image(name) for name in SERVICES}


def test_an_option_that_is_not_documented_is_found() -> None:
    known = IMAGES["prom/prometheus"]["options"]
    assert unknown_options(["--config.file=x", "--web.external-url=y", "run"], known) == []
    assert unknown_options(["--config.fiel=x", "-v"], known) == ["--config.fiel", "-v"]


@pytest.mark.parametrize("name", THEIRS)
def test_every_option_and_variable_is_documented(name: str) -> None:
    about = IMAGES[image(name)]
    assert about["source"].startswith("https://")
    assert unknown_options(SERVICES[name].get("command", []), about.get("options", [])) == []
    # Read by our own script, which the image of PostgreSQL runs once.
    ours = {"DATABASE_PASSWORD_FILE", "MONITOR_PASSWORD_FILE"}
    assert set(environment(SERVICES[name])) - ours <= set(about.get("variables", []))


@pytest.mark.parametrize(("name", "program"), HERE.items())
def test_the_programs_that_are_here_know_what_is_documented(name: str, program: str) -> None:
    tool = find_tool(program, ROOT / ".tools", print)
    done = subprocess.run(
        [tool.path, "--help"], cwd=tool.cwd, capture_output=True, text=True, check=False
    )
    known = OPTION.findall(done.stdout + done.stderr)
    assert len(known) > 5
    about = IMAGES[image(name)]
    assert unknown_options(about.get("options", []), known) == []
    built = tool.path.read_bytes()
    assert [name for name in about.get("variables", []) if name.encode() not in built] == []


@pytest.mark.parametrize("name", [name for name in THEIRS if "healthcheck" in SERVICES[name]])
def test_every_health_check_asks_what_there_is(name: str) -> None:
    about = IMAGES[image(name)]
    kind, first, *rest = SERVICES[name]["healthcheck"]["test"]
    line = shlex.join([first, *rest]) if kind == "CMD" else first
    for program in re.findall(r"(?:^|\||\$\()\s*([\w./-]+)(?=\s)", re.sub(r"^\w+=", "", line)):
        assert program in about["programs"], line
    for port, path, raw in ADDRESS.findall(line.replace("'\"'\"'", "'")):
        if port not in SERVICE_PORTS:
            assert f"{port}{path or raw}" in about["paths"]
    assert ports(SERVICES[name]) <= set(about["ports"])


@pytest.mark.parametrize(
    "name",
    [name for name in SERVICES if image(name).startswith(OURS) and image(name) != LOAD],
)
def test_every_command_of_ours_understands_its_options(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PET_SEED_PASSWORD", "x")
    commands = own_commands(SERVICES[name])
    assert commands
    for command in commands:
        parse(command)


@pytest.mark.parametrize(
    "command", [["serve", "--threads=2"], ["sing"], ["storage", "dance"], ["serve", "--workers=0"]]
)
def test_a_command_that_we_do_not_have_is_found(command: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(command)


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_of_ours_is_a_setting(name: str) -> None:
    settings = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    known = settings | {SECRETS_DIR, SECRETS_ARN}
    given = {key for key in environment(SERVICES[name]) if key.startswith(PREFIX)}
    assert given <= known
    assert not given or image(name).startswith(OURS)


@pytest.mark.parametrize("name", ["api", "dispatcher", "gateway", "webhook"])
def test_health_is_asked_where_our_programs_answer(name: str) -> None:
    line = " ".join(SERVICES[name]["healthcheck"]["test"])
    ((port, path, _),) = ADDRESS.findall(line)
    if name == OWN_SCRIPT:
        assert (port, path) == (SERVICES[name]["command"][-1], "/health")
    elif port == METRICS_PORT:
        assert f"--management-port={port}" in SERVICES[name]["command"]
        assert path == "/metrics"
    else:
        assert port in SERVICE_PORTS
        assert path in {route.template for route in PROBES} | {"/health"}


def run_locust(*options: str) -> subprocess.CompletedProcess[str]:
    """Let Locust load the locustfile and read options."""
    parse = (
        "import sys, loadtests.locustfile; from locust.argument_parser import parse_options; "
        "parse_options(sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-c", parse, *options],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "HOME": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", SENDERS)
def test_locust_knows_its_options(name: str) -> None:
    options = locust_options(name)
    assert len(options) > 10
    done = run_locust(*options)
    assert done.returncode == 0, done.stderr
    assert run_locust(*options, "--adopters=3").returncode != 0
    assert "PET_LOAD_PASSWORD=" in words(SERVICES[name])[-1]
    assert "PET_LOAD_PASSWORD" in (ROOT / "loadtests" / "locustfile.py").read_text()


def test_the_master_waits_for_all_workers_and_is_where_prometheus_asks() -> None:
    given = dict(option.split("=") for option in locust_options("locust") if "=" in option)
    assert int(given["--expect-workers"]) == SERVICES["locust-worker"]["scale"]
    assert int(given["--users"]) % int(given["--expect-workers"]) == 0
    targets = (ROOT / "compose" / "targets" / "load.json").read_text()
    assert f'"locust:{given["--metrics-port"]}"' in targets
    # Every address of its own, for Prometheus comes from another container.
    assert given["--metrics-host"] == "0.0.0.0"  # noqa: S104  # what is to be there


def test_a_load_of_a_master_and_two_workers_is_sent_by_these_command_lines(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(200)))
    with pretending() as server, ExitStack() as stack:
        port = str(find_port())
        changed = {
            "--locustfile": str(ROOT / "loadtests" / "locustfile.py"),
            "--host": server.url,
            "--accounts": str(accounts),
            "--result": str(tmp_path / "load.json"),
            "--measured-seconds": "5",
            "--metrics-port": "0",
            "--master-host": "127.0.0.1",
        }
        # Workers come first there, too.
        started = [
            stack.enter_context(running_locust(tmp_path / f"{number}.log", name, changed, port))
            for number, name in enumerate(("locust-worker", "locust-worker", "locust"))
        ]
        assert [process.wait(60) for process in started] == [0, 0, 0], logs(tmp_path)
    measured = json.loads((tmp_path / "load.json").read_text())["measured"]
    assert len(measured) == 2
    planned = sum(SHAPES["load"].plan(100, 5).planned().values())
    assert sum(report["sent"] for report in measured.values()) == planned


@contextmanager
def running_locust(
    log: Path, name: str, changed: dict[str, str], port: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Locust as a service does, and end it with the block; the master is at this port."""
    own = "--master-bind-port" if name == "locust" else "--master-port"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", *replaced(name, changed), own, port],
            cwd=log.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PET_LOAD_PASSWORD": "secret"},
            stdout=sink,
            stderr=sink,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def replaced(name: str, changed: dict[str, str]) -> list[str]:
    """Return a service's options with the values that are other on this machine."""
    found = [option.partition("=") for option in locust_options(name)]
    return [key + equal + changed.get(key, value) for key, equal, value in found]


def logs(folder: Path) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.log")))
