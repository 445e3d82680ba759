"""Every operation of the OpenAPI document, walked at random and in sequences by Schemathesis."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from app.auth import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.app.conftest import Api, Server, Serving

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 12
MANY = 1_000_000
# After these the token opens nothing any more, or not the household, so they are walked on their
# own.
ENDINGS = (
    "POST /api/auth/logout",
    "DELETE /api/users/me",
    "PATCH /api/users/{user_id}",
    "DELETE /api/households/{household_id}/members/me",
)


@pytest.fixture(scope="module")
def server(serving: Serving) -> Iterator[Server]:
    with serving(PET_LOGIN_FAILURES_ACCOUNT=str(MANY)) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all walks: the tables of Unicode that are kept there take longer than some walks."""
    return tmp_path_factory.mktemp("schemathesis")


@pytest.mark.anyio
@pytest.mark.timeout(600)
@pytest.mark.parametrize("choice", ["--exclude-name", "--include-name"])
@pytest.mark.parametrize("role", Role)
async def test_no_request_that_the_document_allows_or_forbids_surprises_the_service(
    api: Api, server: Server, folder: Path, role: Role, choice: str
) -> None:
    token = (await api.join(role)).client.headers["authorization"]
    command = [str(SCHEMATHESIS), "--config-file", str(CONFIG)]
    command += ["run", f"{server.url}/openapi.json"]
    command += ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1"]
    command += ["--header", f"Authorization:{token}"]
    command += [part for name in ENDINGS for part in (choice, name)]
    command += ["--continue-on-failure", "--no-shrink"]
    done = await anyio.run_process(
        command,
        cwd=folder,
        # All that there is would be searched for proxies at every request.
        env={"PATH": os.environ["PATH"]},
        check=False,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode()[-30_000:]
