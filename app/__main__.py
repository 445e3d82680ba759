"""The command line of the service: serve, dispatch, prepare, seed, grant, up, inspect."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from app.settings import MisconfiguredError

MISUSE = 2
# Together they import everything there is, which takes seconds, and `up` alone starts eight of
# them: each is imported when it is asked for.
COMMANDS = {
    "backup": "app.commands.backup",
    "dispatch": "app.notifications.commands",
    "grant": "app.commands.grant",
    "inspect": "app.local.commands",
    "metrics": "app.metric_commands",
    "migrate": "app.commands.migrate",
    "rows": "app.commands.rows",
    "seed": "app.commands.seed",
    "serve": "app.commands.serve",
    "storage": "app.storage_commands",
    "up": "app.local.commands",
}


def main() -> None:
    """Run a command; what is wrong with its configuration is one sentence and exit code 2."""
    try:
        cli(prog_name="python -m app")
    except MisconfiguredError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(MISUSE) from None


class Commands(click.Group):
    """The commands of the service, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands, in alphabetical order."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
def cli() -> None:
    """Run the PetSwipe adoption API and its embedded stack.

    Configuration comes from the environment: PET_DATABASE_URL, PET_CACHE_URL and
    PET_JWT_PRIVATE_KEY_FILE are required by all commands but `up`, which brings its own.

    Exit codes: 0 fine, 1 something failed, 2 misuse or bad configuration.
    """


if __name__ == "__main__":
    main()
