"""The whole flow of a feature, as its first implementation's integration suite has it."""

from tests.conftest import Client

FEATURE = "/api/csat/v1/products/pms/features/dashboard"


async def test_from_first_use_to_rating(client: Client) -> None:
    await client.post("/api/csat/v1/products", json={"key": "pms", "name": "PMS"})
