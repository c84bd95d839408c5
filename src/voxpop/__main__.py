"""The command line: which commands there are, and how they end. What they do is in `commands`."""

import signal
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import FrameType

from cyclopts import App

from voxpop.commands.demo import demo
from voxpop.commands.events import list_dead, replay
from voxpop.commands.failure import explain
from voxpop.commands.job import list_jobs, run_job
from voxpop.commands.key import create_key, list_keys, revoke_key
from voxpop.commands.migrate import migrate
from voxpop.commands.serve import serve
from voxpop.commands.status import status
from voxpop.commands.worker import worker
from voxpop.commands.workspace import create_workspace, list_workspaces, make_owner_link, set_workspace

GUIDE = """Voxpop asks customers at the right moment, keeps every answer once, and shows
what changed.

Start here:

    voxpop serve --demo    start it, with made-up data to look at
    voxpop serve           start it empty; the first start prints an API key

Every command works on the database of the settings: an embedded one in the
data directory, unless VOXPOP_DATABASE_URL is set. It does so whether Voxpop is
running or not. Exit codes: 0 fine, 1 failed, 2 settings or usage wrong."""

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


def _group(name: str, help: str, **verbs: Callable[..., None]) -> App:
    group = App(name, help=help, help_format="plaintext")
    for verb, command in verbs.items():
        group.command(command, name=verb.replace("_", "-"))
    return group


COMMANDS: tuple[Callable[..., None], ...] = (serve, worker, migrate, status, demo)
for place, command in enumerate(COMMANDS):
    app.command(command, sort_key=place)
app.command(_group("key", "Make, list and revoke API keys.", create=create_key, list=list_keys, revoke=revoke_key))
app.command(_group("events", "List and replay messages that could not be used.", dead=list_dead, replay=replay))
app.command(_group("job", "Do and list the daily jobs.", run=run_job, list=list_jobs))
app.command(
    _group(
        "workspace",
        "Make, change and list workspaces.",
        create=create_workspace,
        owner_link=make_owner_link,
        set=set_workspace,
        list=list_workspaces,
    )
)


def main() -> None:
    """Runs the command of the arguments and exits with its code."""
    # A shell that starts us with & has us ignore it, and SIGTERM would be ignored with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt_once)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs a command. What people can put right is said in one plain line each; anything else has its traceback."""
    try:
        app(arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the edge
        failure = explain(error)
        if failure is None:
            raise
        for line in failure.lines:
            print(line, file=sys.stderr)
        return failure.code
    return 0


def _interrupt_once(number: int, _frame: FrameType | None) -> None:
    """Being told to end is as good as Ctrl-C, but said twice, as `make` does, it is not a second Ctrl-C."""
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
