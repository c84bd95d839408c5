"""Products and features are created, listed, changed and deleted."""

from typing import Any

from tests.support.clients import Client, error_code, expect_ok
from tests.support.features import API, Feature

PRODUCTS = f"{API}/products"
NEW = {"feature_key": "dashboard", "interaction_threshold": 5, "rejection_threshold": 3}


async def open_products(client: Client, *products: tuple[str, str]) -> None:
    for key, name in products:
        expect_ok(await client.post(PRODUCTS, json={"key": key, "name": name}), 201)


async def names(client: Client) -> list[str]:
    return [product["name"] for product in expect_ok(await client.get(PRODUCTS))["data"]]


async def test_products_are_listed_by_name(client: Client, other_client: Client) -> None:  # C12
    assert expect_ok(await client.get(PRODUCTS)) == {"data": []}
    await open_products(client, ("a", "Zeta"), ("z", "alpha"), ("m", "Mid"), ("b", "Ärger"))
    await open_products(other_client, ("x", "Theirs"))
    found = expect_ok(await client.get(PRODUCTS))["data"]
    assert found[0] == {"key": "z", "name": "alpha"}
    assert [product["name"] for product in found] == ["alpha", "Mid", "Zeta", "Ärger"]


async def test_the_key_of_a_product_is_unique(client: Client, other_client: Client) -> None:  # C13
    body = {"key": "pms", "name": "Property management"}
    assert expect_ok(await client.post(PRODUCTS, json=body), 201) == body
    again = await client.post(PRODUCTS, json=body | {"name": "Other"})
    assert error_code(again) == (409, "PRODUCT_ALREADY_EXISTS")
    assert again.json()["type"] == "CONFLICT"
    assert await names(client) == ["Property management"]
    expect_ok(await other_client.post(PRODUCTS, json=body), 201)


async def test_a_product_without_a_proper_key_or_name_is_refused(client: Client) -> None:  # C13, C19
    bodies: list[dict[str, Any]] = [{"key": "a"}, {"name": "A"}, {"key": "", "name": "A"}, {"key": "a", "name": ""}]
    bodies += [{"key": key, "name": "A"} for key in ("a b", "a/b", "ä", "a\n", ".", "..", None, 1)]
    for body in bodies:
        assert error_code(await client.post(PRODUCTS, json=body)) == (400, "VALIDATION_ERROR"), body
    assert await names(client) == []


async def test_a_product_is_renamed_and_deleted_when_empty(client: Client) -> None:
    feature = await Feature.open(client)
    address = f"{PRODUCTS}/pms"
    assert expect_ok(await client.patch(address, json={"name": "New"})) == {"key": "pms", "name": "New"}
    assert error_code(await client.delete(address)) == (409, "PRODUCT_IN_USE")
    assert (await client.delete(feature.path)).status_code == 204
    gone = await client.delete(address)
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (await client.delete(address), await client.patch(address, json={"name": "New"})):
        assert answer.status_code == 404
        assert answer.json()["message"] == "Product with id pms not found"


async def test_features_are_listed_by_product_and_key(client: Client, other_client: Client) -> None:  # C14, C15
    for product, key in (("pms", "b"), ("crm", "z"), ("pms", "B"), ("pms", "a"), ("pos", "a")):
        await Feature.open(client, product, key, uses=5, refusals=3)
    await Feature.open(other_client, "pms", "theirs")

    async def keys(*products: str) -> list[str]:
        found = expect_ok(await client.get(f"{API}/features", params={"product_key": products}))
        return [f"{one['product_key']}/{one['feature_key']}" for one in found["data"]]

    everything = ["crm/z", "pms/B", "pms/a", "pms/b", "pos/a"]
    assert await keys() == everything
    assert await keys("pms") == everything[1:4]
    assert await keys("pos", "crm") == ["crm/z", "pos/a"]
    assert await keys("nothing") == await keys("PMS") == []
    assert await keys("nothing", "pos") == ["pos/a"]
    assert await keys("") == everything
    first = expect_ok(await client.get(f"{API}/features"))["data"][0]
    assert first == {
        "product_key": "crm",
        "feature_key": "z",
        "name": "z",
        "description": None,
        "interaction_threshold": 5,
        "rejection_threshold": 3,
    }


async def test_features_match_by_a_part_of_their_name(client: Client) -> None:
    for key, name in (("a", "Выгрузка в CSV"), ("b", "100% done"), ("c", "Dashboard")):
        feature = await Feature.open(client, key=key)
        expect_ok(await client.patch(feature.path, json={"name": name}))
    for part, found in (
        ("ВЫГРУЗ", ["a"]),
        ("csv", ["a"]),
        ("%", ["b"]),
        ("d", ["b", "c"]),
        ("_", []),
        ("", list("abc")),
    ):
        answer = expect_ok(await client.get(f"{API}/features", params={"name_part": part}))
        assert [one["feature_key"] for one in answer["data"]] == list(found), part


async def test_the_name_of_a_feature_defaults_to_its_key(client: Client) -> None:  # C16, C19
    await open_products(client, ("p.m+s", "PMS"))
    rest = {"product_key": "p.m+s", "description": None, "interaction_threshold": 5, "rejection_threshold": 3}
    for key in ("export-csv", "a.b", "a+b", "a_b", "A.b-c_d+e", "7", "k" * 100):
        made = await client.post(f"{PRODUCTS}/p.m+s/features", json=NEW | {"feature_key": key, "name": "ignored"})
        name = key.replace("-", " ").replace("_", " ").replace(".", " ").replace("+", " ")
        assert expect_ok(made, 201) == rest | {"feature_key": key, "name": name}
        encoded = "".join(f"%{ord(letter):02X}" for letter in key)
        for address in (f"p.m+s/features/{key}", f"p%2Em%2Bs/features/{encoded}"):
            answer = expect_ok(await client.post(f"{PRODUCTS}/{address}/increment", json={"user_email": "u@x.com"}))
        assert answer["total_interaction_count"] == 2


async def test_a_feature_needs_an_existing_product(client: Client, other_client: Client) -> None:  # C17
    await open_products(other_client, ("pms", "Theirs"))
    answer = await client.post(f"{PRODUCTS}/pms/features", json=NEW)
    assert error_code(answer) == (404, "NOT_FOUND")
    assert answer.json()["message"] == "Product with id pms not found"


async def test_the_key_of_a_feature_is_unique_in_its_product(client: Client) -> None:  # C18
    await open_products(client, ("pms", "A"), ("crm", "B"))
    expect_ok(await client.post(f"{PRODUCTS}/pms/features", json=NEW), 201)
    again = await client.post(f"{PRODUCTS}/pms/features", json=NEW | {"interaction_threshold": 9})
    assert error_code(again) == (409, "FEATURE_ALREADY_EXISTS")
    expect_ok(await client.post(f"{PRODUCTS}/crm/features", json=NEW), 201)
    expect_ok(await client.post(f"{PRODUCTS}/pms/features", json=NEW | {"feature_key": "Dashboard"}), 201)


async def test_an_invalid_feature_is_refused(client: Client) -> None:  # C19, C20, C21
    await open_products(client, ("pms", "A"))
    wrong: list[dict[str, Any]] = [
        *({"feature_key": key} for key in ("", "a b", "a/b", "ä", "a\n", "a%", ".", "..", None, 7, "k" * 101)),
        *({"interaction_threshold": value} for value in (0, -1, 1.5, "5", True, None, 2**31, [])),
        *({"rejection_threshold": value} for value in (0, -1, 0.5, "3", False, None, 10**30, {})),
        {"description": None},
        {"description": 5},
    ]
    for change in wrong:
        assert (await client.post(f"{PRODUCTS}/pms/features", json=NEW | change)).status_code == 400, change
    for missing in NEW:
        body = {name: value for name, value in NEW.items() if name != missing}
        answer = await client.post(f"{PRODUCTS}/pms/features", json=body)
        assert answer.json()["details"] == [{"field": missing, "message": "is required"}]
    assert expect_ok(await client.get(f"{API}/features")) == {"data": []}


async def test_thresholds_may_be_written_as_whole_floats(client: Client) -> None:  # C20
    await open_products(client, ("pms", "A"))
    body = NEW | {"interaction_threshold": 1.0, "rejection_threshold": 2**31 - 1}
    made = expect_ok(await client.post(f"{PRODUCTS}/pms/features", json=body), 201)
    assert repr((made["interaction_threshold"], made["rejection_threshold"])) == "(1, 2147483647)"


async def test_a_description_is_set_changed_and_cleared(client: Client) -> None:  # C21, C22
    await open_products(client, ("pms", "A"))
    made = expect_ok(await client.post(f"{PRODUCTS}/pms/features", json=NEW | {"description": "Was"}), 201)
    assert made["description"] == "Was"
    address = f"{PRODUCTS}/pms/features/dashboard"
    assert expect_ok(await client.patch(address, json={"name": "Start"})) == made | {"name": "Start"}
    both = expect_ok(await client.patch(address, json={"name": "Home", "description": "Now", "feature_key": "no"}))
    assert both == made | {"name": "Home", "description": "Now"}
    cleared = expect_ok(await client.patch(address, json={"description": None, "interaction_threshold": 1}))
    assert cleared == made | {"name": "Home", "description": None}
    assert expect_ok(await client.get(f"{API}/features"))["data"] == [cleared]


async def test_a_patch_must_change_something(feature: Feature) -> None:  # C23
    for body in ({}, {"interaction_threshold": 9, "rejection_threshold": 9}, {"name": None}, {"name": ""}):
        assert error_code(await feature.client.patch(feature.path, json=body)) == (400, "VALIDATION_ERROR"), body
    unknown = await feature.client.patch(feature.path + "x", json={"name": "New"})
    assert error_code(unknown) == (404, "NOT_FOUND")
    assert unknown.json()["message"] == "Feature with id pms/dashboardx not found"


async def test_thresholds_have_their_own_endpoint(feature: Feature) -> None:
    address = f"{feature.path}/thresholds"
    changed = expect_ok(await feature.client.put(address, json={"interaction_threshold": 1, "rejection_threshold": 7}))
    assert (changed["interaction_threshold"], changed["rejection_threshold"]) == (1, 7)
    assert (await feature.use())["should_request_feedback"]
    for body in ({"interaction_threshold": 1}, {"interaction_threshold": 0, "rejection_threshold": 1}, {}):
        assert (await feature.client.put(address, json=body)).status_code == 400
    unknown = await feature.client.put(f"{feature.path}x/thresholds", json={**NEW})
    assert error_code(unknown) == (404, "NOT_FOUND")


async def test_a_feature_is_deleted_unless_used_or_rated(client: Client) -> None:
    unused, used, refused, rated = [await Feature.open(client, key=key) for key in "abcd"]
    await used.use()
    await refused.reject()
    await rated.rate()
    for feature in (used, refused, rated):
        assert error_code(await client.delete(feature.path)) == (409, "FEATURE_IN_USE")
    assert (await client.delete(unused.path)).status_code == 204
    again = await client.delete(unused.path)
    assert again.json()["message"] == "Feature with id pms/a not found"
    assert [state["product_feature_key"] for state in await used.states()] == ["b", "c", "d"]
