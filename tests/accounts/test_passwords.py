"""Password hashes: their cost, the limit of waiting work, and the renewal of outdated hashes."""

import asyncio

import asyncpg
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from tests.support.sites import OWNER, PASSWORD, Site

from voxpop.accounts import passwords
from voxpop.errors import Unavailable

Owner = asyncpg.Connection
HASH = "SELECT password_hash FROM account"
MEBIBYTE = 1024  # in the kibibytes of a hash's parameters


async def test_hashing_takes_time_and_memory(site: Site, owner: Owner) -> None:
    await site.owner(password=PASSWORD)
    for stored in (await owner.fetchval(HASH), passwords.DUMMY_HASH):
        cost = extract_parameters(stored)
        assert cost.type is Type.ID
        assert cost.memory_cost >= 19 * MEBIBYTE
        assert cost.time_cost >= 2
        assert (cost.hash_len, cost.salt_len) >= (32, 16)


async def test_two_hashes_of_a_password_differ() -> None:
    assert await passwords.hash_password(PASSWORD) != await passwords.hash_password(PASSWORD)


async def test_an_outdated_hash_is_renewed_by_the_right_password_only(site: Site, owner: Owner) -> None:
    await site.owner(password=PASSWORD)
    old = PasswordHasher(time_cost=1, memory_cost=8 * MEBIBYTE).hash(PASSWORD)
    await owner.execute("UPDATE account SET password_hash = $1", old)
    assert (await site.browser().submit("/login", email=OWNER, password="wrong")).status_code == 400
    assert await owner.fetchval(HASH) == old
    assert (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).status_code == 303
    renewed = await owner.fetchval(HASH)
    assert extract_parameters(renewed) == extract_parameters(passwords.DUMMY_HASH)
    assert (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).status_code == 303
    assert await owner.fetchval(HASH) == renewed


async def test_work_beyond_the_limit_is_refused_and_the_rest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    calls = [passwords.verify(None, "x") for _ in range(3)] + [passwords.hash_password("x") for _ in range(2)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(answer, Unavailable) for answer in answers] == [False] * 3 + [True] * 2
    for _ in range(4):
        assert not (await passwords.verify(None, "x")).right


async def test_a_sign_in_beyond_the_limit_gets_503(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 0)
    answer = await site.browser().submit("/login", email=OWNER, password=PASSWORD)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
