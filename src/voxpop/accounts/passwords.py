"""Passwords: hashed and checked off the event loop, a few at a time, for each takes 19 MiB and a core."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from voxpop.errors import Unavailable

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
MIN_PASSWORD, MAX_PASSWORD = 12, 200
AT_ONCE = 2
MOST_WAITING = 100
# What is checked where there is no such person or he has no password, so that the answer takes as long.
NOBODY = HASHER.hash("nobody has this password")

Result = TypeVar("Result")

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
_waiting = 0


class Verdict(NamedTuple):
    """Whether the password is right, and whether its hash should be made anew."""

    right: bool
    outdated: bool


def is_weak(password: str, email: str) -> bool:
    """Too short, made of very few different characters, or containing the email address."""
    return len(password) < MIN_PASSWORD or len(set(password)) < 5 or email.lower() in password.lower()


async def hash_password(password: str) -> str:
    return await _apart(lambda: HASHER.hash(password))


async def verify(password_hash: str | None, password: str) -> Verdict:
    """Takes the same time for None."""
    return await _apart(lambda: _verify(password_hash, password))


def _verify(password_hash: str | None, password: str) -> Verdict:
    try:
        HASHER.verify(password_hash or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return Verdict(False, False)
    if password_hash is None:
        return Verdict(False, False)
    return Verdict(True, HASHER.check_needs_rehash(password_hash))


async def _apart(work: Callable[[], Result]) -> Result:
    global _waiting
    if _waiting >= MOST_WAITING:
        raise Unavailable
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
