"""The command line: registers the commands and maps their errors to exit codes."""

import signal
import sys
from importlib.metadata import version
from types import FrameType

from cyclopts import App

from voxpop.commands import demo, events, job, key, migrate, serve, status, worker, workspace
from voxpop.commands.command import Command
from voxpop.commands.errors import explain

GUIDE = """Voxpop asks customers for ratings at the right moment, stores each answer
exactly once, and shows what changed.

Getting started:

    voxpop serve --demo    start with demo data
    voxpop serve           start empty; the first start prints an API key

Every command uses the database of the settings: an embedded one in the data
directory, unless VOXPOP_DATABASE_URL is set. Commands work whether or not
Voxpop is running. Exit codes: 0 success, 1 failure, 2 invalid settings or
usage."""

app = App(
    "voxpop",
    help=GUIDE,
    help_format="plaintext",
    version=lambda: version("voxpop"),
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_none",
)


def _register(group: App, *commands: Command) -> None:
    for position, command in enumerate(commands):
        group.command(command.run, name=command.name, help=command.help, sort_key=position)


def _register_group(name: str, help: str, *commands: Command) -> None:
    group = App(name, help=help, help_format="plaintext")
    _register(group, *commands)
    app.command(group)


_register(
    app,
    Command("serve", serve.serve, serve.SERVE),
    Command("worker", worker.worker, worker.WORKER),
    Command("migrate", migrate.migrate, migrate.MIGRATE),
    Command("status", status.status, status.STATUS),
    Command("demo", demo.demo, demo.DEMO),
)
_register_group(
    "key",
    "Create, list and revoke API keys.",
    Command("create", key.create_key, key.CREATE_KEY),
    Command("list", key.list_keys, key.LIST_KEYS),
    Command("revoke", key.revoke_key, key.REVOKE_KEY),
)
_register_group(
    "events",
    "List and replay dead letters, the events that could not be used.",
    Command("dead-letters", events.list_dead_letters, events.LIST_DEAD_LETTERS),
    Command("replay", events.replay, events.REPLAY),
)
_register_group(
    "job",
    "Run and list the daily jobs.",
    Command("run", job.run_job, job.RUN_JOB),
    Command("list", job.list_jobs, job.LIST_JOBS),
)
_register_group(
    "workspace",
    "Create, change and list workspaces.",
    Command("create", workspace.create_workspace, workspace.CREATE_WORKSPACE),
    Command("owner-link", workspace.create_owner_link, workspace.OWNER_LINK),
    Command("set", workspace.set_workspace, workspace.SET_WORKSPACE),
    Command("list", workspace.list_workspaces, workspace.LIST_WORKSPACES),
)


def main() -> None:
    """Runs the command of the arguments and exits with its code."""
    # A shell ignores SIGINT in background processes, and SIGTERM is raised as SIGINT here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt_once)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs a command. Prints one line for an error that the user can fix; other errors keep their traceback."""
    try:
        app(arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # outermost handler
        failure = explain(error)
        if failure is None:
            raise
        for line in failure.lines:
            print(line, file=sys.stderr)
        return failure.exit_code
    return 0


def _interrupt_once(number: int, _frame: FrameType | None) -> None:
    """Handles SIGTERM like Ctrl-C. A repeated SIGTERM (`make` sends two) is ignored."""
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
