"""The outermost layer: HEAD, request ids, what is counted."""

import pytest
from tests.conftest import Client, Make


@pytest.mark.parametrize("path", ["/", "/health/check", "/docs"])
async def test_head_is_a_get_without_its_body(make: Make, path: str) -> None:
    client = make.anonymous()
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_an_id_that_could_break_a_log_is_replaced(make: Make) -> None:
    client = make.anonymous()
    kept = await client.get("/health/check", headers={"request-id": "abc-1"})
    replaced = await client.get("/health/check", headers={"request-id": "a b" + "c" * 300})
    assert kept.headers["request-id"] == "abc-1"
    assert len(replaced.headers["request-id"]) == 36


async def test_unknown_addresses_are_one_label(client: Client) -> None:
    for number in range(3):
        await client.get(f"/nobody/{number}")
    metrics = (await client.get("/metrics")).text
    assert 'route="unknown"' in metrics
    assert "/nobody/" not in metrics
