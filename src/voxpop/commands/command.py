"""A command as the command line registers it."""

from collections.abc import Callable

from msgspec import Struct


class Command(Struct, frozen=True):
    """The function of a command and its help text.

    The help text is not the docstring, because `python -OO` strips docstrings.
    """

    name: str
    run: Callable[..., None]
    help: str
