"""The demo shop: only in a demo, with a key and a visitor of its own."""

import html
import json
import re
import time
from typing import Any

from tests.support.sites import HOST, Browser, Site

from voxpop.db.pool import Database
from voxpop.features import catalogue
from voxpop.types import Actor
from voxpop.widget import demo_shop
from voxpop.widget.signatures import check_signature
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.widget import service as widget_settings


async def demo_site(database: Database, **env: str) -> Site:
    """A site whose default workspace has demo data, which here are none."""
    site = await Site(database, **env).set_up()
    async with database.transaction(site.workspace_id()) as tx:
        await workspaces.mark_demo_data(tx, site.workspace_id())
    await demo_shop.prepare(database, site.workspace_id(), f"http://{HOST}")
    return site


async def shop(browser: Browser, query: str = "") -> dict[str, Any]:
    """What the page tells its script."""
    answer = await browser.get(f"/demo-shop{query}")
    found = re.search(r'data-shop="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return dict(json.loads(html.unescape(found[1])))


async def test_the_shop_is_open_in_a_demo_only(database: Database) -> None:
    site = await demo_site(database, VOXPOP_DEMO="true")
    assert (await site.browser().get("/demo-shop")).status_code == 200
    assert (await site.browser("acme").get("/demo-shop")).status_code == 404
    assert 'href="/demo-shop"' in (await site.browser().get("/")).text
    await demo_shop.prepare(database, site.workspace_id("acme"), f"http://{HOST}")
    async with database.transaction(site.workspace_id("acme")) as tx:
        assert await widget_settings.list_publishable_keys(tx, site.workspace_id("acme")) == []
    without = Site(database)
    assert (await without.browser().get("/demo-shop")).status_code == 404
    assert 'href="/demo-shop"' not in (await without.browser().get("/")).text


async def test_the_shop_signs_visitors_of_its_own_only(database: Database) -> None:
    site = await demo_site(database, VOXPOP_DEMO="true")
    first, second = await shop(site.browser()), await shop(site.browser())
    assert first["guid"] != second["guid"]
    assert (await shop(site.browser(), f"?guid={first['guid']}"))["guid"] == first["guid"]
    for foreign in ("ann@example.com", "cust_123", "demo-", "demo-0123456789abcdef%0A", "x" * 3000):
        assert (await shop(site.browser(), f"?guid={foreign}"))["guid"].startswith("demo-")
    async with database.transaction(site.workspace_id()) as tx:
        settings = await widget_settings.get_widget_settings(tx, site.workspace_id())
    check_signature(first["signature"], "guid", first["guid"], [settings.secret or ""], time.time())


async def test_a_second_start_keeps_the_key_and_lists_its_new_address(database: Database) -> None:
    site = await demo_site(database, VOXPOP_DEMO="true")
    before = await shop(site.browser())
    await demo_shop.prepare(database, site.workspace_id(), "http://127.0.0.1:9000")
    assert (await shop(site.browser()))["key"] == before["key"]
    async with database.transaction(site.workspace_id()) as tx:
        (key,) = await widget_settings.list_publishable_keys(tx, site.workspace_id())
        actor = Actor(site.workspace_id(), "test", frozenset())
        features = await catalogue.list_features(tx, actor, [])
    assert key.origins == ["http://127.0.0.1:9000", "http://localhost:9000"]
    assert [feature.feature_key for feature in features] == ["gift-finder"]


async def test_the_language_of_the_address_wins(database: Database) -> None:
    site = await demo_site(database, VOXPOP_DEMO="true")
    russian = await site.browser().get("/demo-shop?language=ru", headers={"accept-language": "en"})
    assert '<html lang="ru"' in russian.text
    unknown = await site.browser().get("/demo-shop?language=xx", headers={"accept-language": "en"})
    assert '<html lang="en"' in unknown.text
