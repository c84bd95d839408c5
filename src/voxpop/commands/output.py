"""What commands print: results on stdout, progress on stderr."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from voxpop.commands.session import say


def show(line: str) -> None:
    """A line of a command's result, seen at once also through a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; nothing but the head where there are no rows."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        show("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class Bar:
    """Progress: a bar on a terminal, elsewhere a line for each quarter. Shows nothing until there is some."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._quarter = -1
        self._draw = self._draw_bar if sys.stderr.isatty() else self._draw_line

    def __call__(self, what: str, share: float) -> None:
        """`share` of what is done, from 0 to 1."""
        self._draw(what, share)

    def _draw_line(self, what: str, share: float) -> None:
        if int(share * 4) > self._quarter:
            self._quarter = int(share * 4)
            say(f"{what}: {share:.0%}")

    def _draw_bar(self, what: str, share: float) -> None:
        from rich.console import Console
        from rich.progress import Progress

        progress = self._stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        task = progress.add_task(what, total=1.0)

        def update(what: str, share: float) -> None:
            progress.update(task, description=what, completed=share)

        self._draw = update
        update(what, share)


@contextmanager
def progress_bar() -> Iterator[Bar]:
    with ExitStack() as stack:
        yield Bar(stack)
