"""The output of commands: results on stdout, progress on stderr."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from voxpop.commands.session import log_progress


def write_line(line: str) -> None:
    """Writes a line of the result. It is flushed, so that a pipe gets it at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes columns with the width of their widest cell. Without rows it writes the head only."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        write_line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class ProgressBar:
    """Shows progress: a bar on a terminal, otherwise a line for each quarter."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._quarter = -1
        self._draw = self._draw_bar if sys.stderr.isatty() else self._draw_line

    def __call__(self, title: str, share: float) -> None:
        """`share` is the completed part, from 0 to 1."""
        self._draw(title, share)

    def _draw_line(self, title: str, share: float) -> None:
        if int(share * 4) > self._quarter:
            self._quarter = int(share * 4)
            log_progress(f"{title}: {share:.0%}")

    def _draw_bar(self, title: str, share: float) -> None:
        from rich.console import Console
        from rich.progress import Progress

        progress = self._stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        task = progress.add_task(title, total=1.0)

        def update(title: str, share: float) -> None:
            progress.update(task, description=title, completed=share)

        self._draw = update
        update(title, share)


@contextmanager
def progress_bar() -> Iterator[ProgressBar]:
    """A progress bar, which appears with its first update."""
    with ExitStack() as stack:
        yield ProgressBar(stack)
