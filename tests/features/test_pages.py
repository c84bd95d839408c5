"""The pages of products and features: who may use them, what they refuse, and that they follow the rules of the API."""

import re
from typing import Any
from uuid import uuid4

import pytest
from tests.support.forms import field_errors
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

from voxpop.features import service
from voxpop.features.models import FeatureUser, NewRating
from voxpop.feedback.models import Source

PRODUCT = {"key": "shop", "name": "Shop"}
FEATURE = {
    "feature_key": "export-csv",
    "name": "Export",
    "description": "To a file.",
    "interaction_threshold": "2",
    "rejection_threshold": "1",
}
CATALOGUE = """SELECT p::text AS product, f::text AS feature FROM product p FULL JOIN feature f ON f.product_id = p.id
    ORDER BY p.id, f.id"""
KEY = "Use Latin letters, digits and - _ . +, at most 100."
NUMBER = "Enter a whole number from 1 to 2,147,483,647."


async def opened_product(browser: Browser, owner: Owner, **changes: str) -> str:
    """Creates a product and returns its path."""
    answer = await browser.submit("/features/products/new", **PRODUCT | changes)
    assert answer.headers["location"] == "/features?done=product"
    return f"/features/products/{await owner.fetchval('SELECT id FROM product ORDER BY id DESC LIMIT 1')}"


async def opened(browser: Browser, owner: Owner, **changes: str) -> str:
    """Creates a product with a feature, and returns the path of the feature."""
    product = (await opened_product(browser, owner)).rpartition("/")[2]
    answer = await browser.submit("/features/new", **FEATURE | {"product": product} | changes)
    assert answer.headers["location"] == "/features?done=created"
    return f"/features/{await owner.fetchval('SELECT id FROM feature ORDER BY id DESC LIMIT 1')}"


async def test_a_product_and_its_feature_are_created_as_typed(member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    row = dict(await owner.fetchrow("SELECT * FROM feature"))
    assert {name: str(row[name]) for name in FEATURE if name in row} == {
        name: value for name, value in FEATURE.items() if name in row
    }
    assert (row["key"], row["create_user"]) == ("export-csv", "member:owner@example.com")
    for page in ("/features", path):
        text = (await member.get(page)).text
        assert all(each in text for each in ("Export", "Shop")), page


async def test_a_feature_without_a_name_gets_one_from_its_key(member: Browser, owner: Owner) -> None:
    await opened(member, owner, name="", description=" ")
    row = await owner.fetchrow("SELECT name, description FROM feature")
    assert tuple(row) == ("export csv", None)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"product": ""}, "product", "Choose a product."),
        ({"product": str(uuid4())}, "product", "Choose a product."),
        ({"feature_key": "a b"}, "feature_key", KEY),
        ({"feature_key": "export-csv"}, "feature_key", "The product already has a feature with this key."),
        ({"name": "x" * 201}, "name", "Give it a name of at most 200 characters."),
        ({"description": "x" * 1001}, "description", "Use 1,000 characters or fewer."),
        *(
            ({"interaction_threshold": text}, "interaction_threshold", NUMBER)
            for text in ("", "0", "-1", "1.5", "9e9", "٣")
        ),
        ({"rejection_threshold": "2147483648"}, "rejection_threshold", NUMBER),
    ],
)
async def test_an_error_of_a_new_feature_is_shown_at_its_field(
    member: Browser, owner: Owner, changes: dict[str, str], field: str, message: str
) -> None:
    await opened(member, owner)
    before = await owner.fetch(CATALOGUE)
    product = str(await owner.fetchval("SELECT id FROM product"))
    form = FEATURE | {"product": product, "feature_key": "other"} | changes
    answer = await member.submit("/features/new", **form, idempotency_key="k" * 22)
    assert (answer.status_code in (400, 409), field_errors(answer.text)) == (True, {field: message})
    assert await owner.fetch(CATALOGUE) == before


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"key": "a/b"}, "key", KEY),
        ({"key": ".."}, "key", KEY),
        ({"key": "shop"}, "key", "A product with this key already exists."),
        ({"name": "\u200b"}, "name", "Give it a name of at most 200 characters."),
    ],
)
async def test_an_error_of_a_new_product_is_shown_at_its_field(
    member: Browser, owner: Owner, changes: dict[str, str], field: str, message: str
) -> None:
    await opened_product(member, owner)
    answer = await member.submit("/features/products/new", **PRODUCT | {"key": "other"} | changes)
    assert (answer.status_code in (400, 409), field_errors(answer.text)) == (True, {field: message})
    assert await owner.fetchval("SELECT count(*) FROM product") == 1


async def test_a_second_click_creates_one_feature(member: Browser, owner: Owner) -> None:
    product = (await opened_product(member, owner)).rpartition("/")[2]
    for _ in range(2):
        answer = await member.submit("/features/new", **FEATURE, product=product, idempotency_key="k" * 22)
        assert answer.headers["location"] == "/features?done=created"
    assert await owner.fetchval("SELECT count(*) FROM feature") == 1


async def test_thresholds_are_changed_in_the_list(member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    thresholds = {"interaction_threshold": "7", "rejection_threshold": "4"}
    answer = await member.submit(f"{path}/thresholds?days=30&sort=score", **thresholds)
    assert answer.headers["location"] == "/features?days=30&sort=score&done=saved"
    stored = "SELECT interaction_threshold, rejection_threshold, last_update_user FROM feature"
    assert tuple(await owner.fetchrow(stored)) == (7, 4, "member:owner@example.com")
    wrong = await member.submit(f"{path}/thresholds", **thresholds | {"rejection_threshold": "0"})
    assert (wrong.status_code, field_errors(wrong.text)) == (400, {"rejection_threshold": NUMBER})
    assert 'value="Export"' in wrong.text
    assert tuple(await owner.fetchrow(stored))[:2] == (7, 4)


async def test_a_feature_and_a_product_are_renamed(member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    product = f"/features/products/{await owner.fetchval('SELECT id FROM product')}"
    assert (await member.submit(f"{path}/edit", **FEATURE | {"name": "Download", "description": ""})).status_code == 303
    assert (await member.submit(f"{product}/edit", name="Store", key="other")).status_code == 303
    names = "SELECT p.name, p.key, f.name, f.description FROM product p JOIN feature f ON f.product_id = p.id"
    assert tuple(await owner.fetchrow(names)) == ("Store", "shop", "Download", None)
    for address in (f"{path}/edit", f"{product}/edit"):
        answer = await member.submit(address, **FEATURE | {"name": " "})
        assert field_errors(answer.text) == {"name": "Give it a name of at most 200 characters."}


async def test_an_unchanged_form_changes_nothing(member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    await owner.execute("UPDATE feature SET description = E' two\\r\\nlines '")
    product = f"/features/products/{await owner.fetchval('SELECT id FROM product')}"
    before = await owner.fetch(CATALOGUE)
    unchanged = FEATURE | {"description": " two\r\nlines "}
    for address, form in ((f"{path}/edit", unchanged), (f"{path}/thresholds", FEATURE), (f"{product}/edit", PRODUCT)):
        assert (await member.submit(address, **form)).status_code == 303
    assert await owner.fetch(CATALOGUE) == before


async def test_only_what_is_not_in_use_is_deleted(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    product = f"/features/products/{await owner.fetchval('SELECT id FROM product')}"
    answer = await member.submit(f"{product}/delete")
    assert (answer.status_code, "Delete them first." in answer.text) == (409, True)
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        await service.increment(tx, inbox.workspace_id(), [FeatureUser("shop", "export-csv", "u@example.com")])
    answer = await member.submit(f"{path}/delete")
    assert (answer.status_code, "cannot be deleted" in answer.text) == (409, True)
    await owner.execute("DELETE FROM interaction")
    for address, done in ((path, "deleted"), (product, "product-deleted")):
        for _ in range(2):
            assert (await member.submit(f"{address}/delete")).headers["location"] == f"/features?done={done}"
    assert await owner.fetch(CATALOGUE) == []
    assert (await member.get(path)).status_code == 404


async def test_the_page_of_a_feature_shows_its_funnel_and_the_users_who_refused(
    inbox: InboxSite, member: Browser, owner: Owner
) -> None:
    """Two of three users are prompted after two uses; one rates, the other refuses once, which is enough."""
    path = await opened(member, owner)
    ann, bob, eve = (FeatureUser("shop", "export-csv", f"{name}@example.com") for name in ("ann", "bob", "eve"))
    rating = NewRating(ann, 9, Source.PROMPTED, "Fast & <b>easy</b>", None)
    for step, users in ((service.increment, [ann, bob, eve]), (service.increment, [ann, bob]), (service.reject, [bob])):
        async with inbox.database.transaction(inbox.workspace_id()) as tx:
            await step(tx, inbox.workspace_id(), users)
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        await service.rate(tx, inbox.workspace_id(), [rating])
    page = (await member.get(path)).text
    steps = re.findall(
        r'<tr><th scope="row">([^<]+)</th><td>.*?</td><td class="number">(?:<a [^>]*>)?(\d+)(?:</a>)?</td>', page
    )
    assert steps[:4] == [("Uses", "5"), ("Prompted", "2"), ("Rated after a prompt", "1"), ("Dismissed", "1")]
    assert "bob@example.com" in page
    assert "ann@example.com" not in page
    assert "Fast &amp; &lt;b&gt;easy&lt;/b&gt;" in page
    assert "1 user refused" in page


async def test_the_users_who_refused_come_page_by_page(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    users = [FeatureUser("shop", "export-csv", f"u{number:02}@example.com") for number in range(25)]
    for user in users:
        async with inbox.database.transaction(inbox.workspace_id()) as tx:
            await service.reject(tx, inbox.workspace_id(), [user])
    first = (await member.get(path)).text
    link = re.search(r'<a href="([^"]*users=[^"]*)" rel="next">', first)
    assert link is not None
    second = (await member.get(link[1].replace("&amp;", "&"))).text
    pages = [re.findall(r"<bdi>(u\d\d)@example.com</bdi>", text) for text in (first, second)]
    assert [len(page) for page in pages] == [20, 5]
    assert pages[0] + pages[1] == [f"u{number:02}" for number in reversed(range(25))]
    assert 'rel="next"' not in second
    assert (await member.get(f"{path}?users=nonsense")).status_code == 200


async def test_agents_see_features_and_change_none(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    path = await opened(member, owner)
    product = f"/features/products/{await owner.fetchval('SELECT id FROM product')}"
    before = await owner.fetch(CATALOGUE)
    for page in ("/features", path, product):
        text = (await inbox.agent.get(page)).text
        assert "Shop" in text
        assert 'method="post" action="/features/' not in text
        assert "/edit" not in text
    for address in (f"{path}/edit", f"{path}/thresholds", f"{path}/delete", f"{product}/edit", f"{product}/delete"):
        assert (await inbox.agent.submit(address, **FEATURE)).status_code == 403
    for address in ("/features/new", "/features/products/new"):
        assert (await inbox.agent.get(address)).status_code == 403
        assert (await inbox.agent.submit(address, **FEATURE | PRODUCT)).status_code == 403
    assert await owner.fetch(CATALOGUE) == before


async def test_features_of_another_workspace_are_not_found(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    boss = await inbox.owner("acme", "boss@example.com")
    path = await opened(boss, owner)
    product = await owner.fetchval("SELECT id FROM product")
    before: list[Any] = await owner.fetch(CATALOGUE)
    assert "export-csv" not in (await member.get("/features")).text
    for feature, shop in ((path, product), (f"/features/{uuid4()}", uuid4())):
        for address in (feature, f"{feature}/edit", f"/features/products/{shop}", f"/features/products/{shop}/edit"):
            assert (await member.get(address)).status_code == 404, address
        for address in (f"{feature}/edit", f"{feature}/thresholds", f"/features/products/{shop}/edit"):
            assert (await member.submit(address, **FEATURE)).status_code == 404, address
        assert (await member.submit(f"{feature}/delete")).status_code == 303
        assert (await member.submit(f"/features/products/{shop}/delete")).status_code == 303
        answer = await member.submit("/features/new", **FEATURE, product=str(shop))
        assert field_errors(answer.text) == {"product": "Choose a product."}
    assert (await member.get("/features/x")).status_code == 400
    cross_site = {"sec-fetch-site": "cross-site"}
    assert (await boss.post(f"{path}/thresholds", data=FEATURE, headers=cross_site)).status_code == 403
    assert await owner.fetch(CATALOGUE) == before


async def test_without_products_the_page_says_what_to_do(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    assert 'href="/features/products/new"' in (await member.get("/features")).text
    agent = (await inbox.agent.get("/features")).text
    assert "No products yet" in agent
    assert 'href="/features/products/new"' not in agent
    await opened_product(member, owner)
    page = (await member.get("/features")).text
    assert "No features yet." in page
    assert re.search(r'href="/features/new\?product=[0-9a-f-]{36}"', page)
