"""The whole flow of a feature, from set-up to rating."""

from tests.support.clients import Client, expect_ok
from tests.support.features import API, USER, Feature, counts


async def keys(client: Client, *products: str) -> list[tuple[str, str]]:
    found = expect_ok(await client.get(f"{API}/features", params={"product_key": list(products)}))
    return [(one["product_key"], one["feature_key"]) for one in found["data"]]


async def test_features_are_filtered_by_products(client: Client) -> None:  # C14
    for product in ("crm", "pms", "pos"):
        for key in ("export", "dashboard"):
            await Feature.open(client, product, key)
    assert len(await keys(client)) == 6
    assert await keys(client, "pms") == [("pms", "dashboard"), ("pms", "export")]
    assert len(await keys(client, "pms", "crm")) == 4


async def test_a_customer_uses_refuses_and_rates_a_feature(client: Client) -> None:  # C27, C28, C34, C35, C41, C42
    feature = await Feature.open(client, uses=3, refusals=2)
    assert await feature.counts() == (0, 0, 0)
    assert [(await feature.use())["should_request_feedback"] for _ in range(3)] == [False, False, True]

    refused = await feature.reject()
    assert (counts(refused), refused["should_request_feedback"]) == ((0, 3, 1), False)

    assert [(await feature.use())["should_request_feedback"] for _ in range(3)] == [False, False, True]
    assert await feature.counts() == (3, 6, 1)

    await feature.rate(8, comment="Works great", user_agent="Mozilla/5.0")
    (row,) = (await feature.analytics("feedbacks/users"))["data"]
    assert (row["user_email"], row["rating"], row["source"]) == (USER, 8, "prompted")
    assert (row["comment"], row["user_agent"]) == ("Works great", "Mozilla/5.0")
    assert await feature.counts() == (0, 6, 0)

    after = await feature.use()
    assert (counts(after), after["should_request_feedback"]) == ((0, 7, 0), False)
