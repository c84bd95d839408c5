"""Passwords: their rules, hashing and verification. Each hash takes 19 MiB and a core, so few run at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from voxpop.errors import FieldError, Invalid, Unavailable
from voxpop.i18n import N_
from voxpop.types import MAX_PASSWORD, MIN_PASSWORD

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MAX_CONCURRENT = 2
MAX_WAITING = 100
# Verified in place of a missing hash, so that the response takes as long as for an existing account. A test compares
# the parameters. Each start would need 40 ms and 19 MiB to make one.
DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$uO5Rk17ujwS52zdXzCOlMQ$SQ9mkq0IcpJOILL6YIFuJYx7Vkq59vwxDHw6e8Gi7Vw"
WEAK_PASSWORD = N_(
    "Choose a stronger password: at least {limit} characters, and not your email address.", limit=MIN_PASSWORD
)

Result = TypeVar("Result")

_threads = ThreadPoolExecutor(MAX_CONCURRENT, thread_name_prefix="passwords")
_waiting = 0


class Verdict(NamedTuple):
    """Whether the password is right, and whether its hash uses outdated parameters."""

    right: bool
    outdated: bool


def check_strength(field: str, password: str, email: str) -> None:
    """Invalid, naming the form's field, for a password that is too short or too easy to guess."""
    is_easy = len(set(password)) < 5 or email.lower() in password.lower()
    if is_easy or not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(WEAK_PASSWORD, details=[FieldError(field, WEAK_PASSWORD)])


async def hash_password(password: str) -> str:
    """Hashes off the event loop; Unavailable when too many callers wait."""
    return await _run_in_thread(lambda: _hasher().hash(password))


async def verify(password_hash: str | None, password: str) -> Verdict:
    """Takes as long for None as for a hash."""
    return await _run_in_thread(lambda: _verify(password_hash, password))


def _verify(password_hash: str | None, password: str) -> Verdict:
    from argon2.exceptions import InvalidHashError, VerificationError

    hasher = _hasher()
    try:
        hasher.verify(password_hash or DUMMY_HASH, password)
    except (VerificationError, InvalidHashError):
        return Verdict(False, False)
    if password_hash is None:
        return Verdict(False, False)
    return Verdict(True, hasher.check_needs_rehash(password_hash))


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # not before the first password

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


async def _run_in_thread(work: Callable[[], Result]) -> Result:
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Unavailable
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
