"""Waits for a condition instead of sleeping."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30, pause: float = 0.05) -> None:
    """Polls until the condition holds."""
    deadline = monotonic() + seconds
    while not await condition():
        assert monotonic() < deadline, "the condition never held"
        await asyncio.sleep(pause)


async def eventually(read: Callable[[], Awaitable[object]], expected: object, seconds: float = 30) -> None:
    """Polls until the value is the expected one."""
    seen: object = None

    async def is_expected() -> bool:
        nonlocal seen
        seen = await read()
        return seen == expected

    try:
        await until(is_expected, seconds)
    except AssertionError:
        raise AssertionError(f"{seen} is not {expected}") from None
