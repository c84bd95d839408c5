"""One test for many values: thousands of tests of a millisecond would cost several times as much in the runner."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value")


def each(values: Iterable[Value], name: Callable[[Value], str] = str) -> Callable[[Callable[[Value], Any]], Any]:
    """Makes a test of a check. The test checks each value, and lists every failure with the name of its value."""

    def decorate(check: Callable[[Value], Any]) -> Callable[[], None]:
        def test() -> None:
            failures = [f"{name(value)}: {error}" for value in values if (error := _failure(check, value)) is not None]
            assert not failures, "\n\n".join(failures)

        return test

    return decorate


def _failure(check: Callable[[Value], Any], value: Value) -> AssertionError | None:
    try:
        check(value)
    except AssertionError as error:
        return error
    return None
