"""Times in Chromium: in the reader's time zone, and with the zone written where there is no JavaScript."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import window
from tests.support.inbox import InboxSite

from voxpop.types import utcnow

pytestmark = pytest.mark.browser

LONG_AGO = datetime(2024, 3, 9, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "zone", "title"),
    [
        ("en", "Asia/Tokyo", "10 March 2024, 07:30 (Asia/Tokyo, UTC+9)"),
        ("en", "America/St_Johns", "9 March 2024, 19:00 (America/St_Johns, UTC-3:30)"),
        ("ru", "Europe/Moscow", "10 марта 2024, 01:30 (Europe/Moscow, UTC+3)"),
        ("en", "UTC", "9 March 2024, 22:30 (UTC)"),
    ],
)
async def test_times_are_in_the_readers_zone(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str, zone: str, title: str
) -> None:
    await inbox.open("Old", now=LONG_AGO)
    agent = await window(chromium, inbox, origin, locale=locale, timezone_id=zone)
    page = await agent.go("/inbox/TK-7")
    message = page.locator(".message time")
    await expect(message).to_have_text(title.partition(" (")[0])
    await expect(message).to_have_attribute("title", title)
    await expect(page.locator(".facts time").first).to_have_text(title.partition(",")[0])
    await agent.go("/inbox")
    await expect(page.locator("#TK-7 time")).to_have_text(title.partition(",")[0])
    await expect(page.locator("#TK-7 time")).to_have_attribute("title", title)
    await agent.context.close()


async def test_the_script_writes_the_words_of_the_server(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    now = utcnow()
    ages = [timedelta(minutes=3), timedelta(hours=5), timedelta(days=1, hours=1), timedelta(days=3), timedelta(days=40)]
    for age in ages:
        await inbox.open("Of some age", now=now - age)
    for locale in ("en", "ru"):
        texts = []
        for java_script in (True, False):
            look = {"locale": locale, "timezone_id": "UTC", "java_script_enabled": java_script}
            agent = await window(chromium, inbox, origin, **look)
            page = await agent.go("/inbox?status=")
            texts.append(await page.locator("td.when time").all_inner_texts())
            await agent.context.close()
        assert texts[0] == texts[1]


async def test_without_javascript_the_zone_is_beside_the_time(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    for zone, written in (("UTC", "UTC"), ("Asia/Kolkata", r"UTC\+5:30")):
        await inbox.owner_browser.submit("/settings/workspace", name="Default", time_zone=zone, cool_down_days="90")
        page = await agent.go("/inbox/TK-6")
        await expect(page.locator(".message time")).to_have_text(re.compile(rf"\d\d:\d\d {written}$"))
    await agent.context.close()


async def test_a_live_update_keeps_the_readers_zone(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    await inbox.open("Old", now=LONG_AGO)
    agent = await window(chromium, inbox, origin, timezone_id="Asia/Tokyo")
    page = await agent.go("/inbox/TK-7")
    await inbox.agent.submit("/inbox/TK-7/reply", body="New", kind="note")
    await expect(page.locator(".message.note")).to_be_visible()
    await expect(page.locator(".message time").first).to_have_text("10 March 2024, 07:30")
    await agent.context.close()
