"""The snippets of docs/integrate.md for servers run as they are in the document, against the running product."""

import asyncio
import contextlib
import html
import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import django
import httpx
import pytest
from django.conf import settings as django_settings
from django.template import engines
from tests.support.clients import Client
from tests.support.features import Feature
from tests.support.guide import snippets
from tests.support.programs import run_node, run_ruby

from voxpop.client import sign

SECRET, PUBLISHABLE, ANN = "wsec_test_0123456789", "pk_1_x", "ann@example.com"
REQUESTER = {"name": "Ann", "email": ANN}
JAVASCRIPT = Path(__file__).parents[2] / "clients/js/src/index.ts"
# What Rails has and plain Ruby lacks.
RAILS = """
require "erb"
def json_escape(json) = json.gsub(/[<>&\\u2028\\u2029]/) { |char| format('\\\\u%04x', char.ord) }
def raw(text) = text
"""


@pytest.fixture(autouse=True)
async def feature(client: Client) -> Feature:
    """The feature of the snippets; its second use asks."""
    return await Feature.open(client, "my-app", "export", uses=2)


async def count_uses(feature: Feature) -> int:
    path = "/api/csat/v1/analytics/products/my-app/features/export/interactions/users"
    rows = (await feature.client.get(path)).json()["data"]
    return sum(row["total_interaction_count"] for row in rows)


def assert_signed(options: dict[str, Any]) -> None:
    user = options["user"]
    expires = int(user["signature"].split(".")[1])
    assert (options["key"], user["email"]) == (PUBLISHABLE, ANN)
    assert user["signature"] == sign(SECRET, "email", ANN, expires)


def run_python(source: str, folder: Path) -> str:
    """What a snippet prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.chdir(folder):
        exec(compile(source, "integrate.md", "exec"), {})  # noqa: S102 - it is our document
    return output.getvalue()


async def test_python(url: str, key: str, feature: Feature, tmp_path: Path) -> None:
    await feature.post("/increment", email=ANN)
    client, on_asyncio = snippets("Python", "python", url=url, vxp=key)
    said = await asyncio.to_thread(run_python, client, tmp_path)
    assert said.startswith("9 None\nNOT_FOUND ")
    await feature.client.post("/api/v1/tickets", json={"subject": "Help", "description": "x", "requester": REQUESTER})
    assert await asyncio.to_thread(run_python, on_asyncio, tmp_path) == "TK-1 Help\n"
    assert (tmp_path / "feedback.csv").read_text().count("\n") == 2


async def test_a_link(url: str, key: str, client: Client, tmp_path: Path) -> None:
    (snippet,) = snippets("A link or an email", "python", url=url, vxp=key)
    link = httpx.URL((await asyncio.to_thread(run_python, snippet, tmp_path)).strip())
    page = await client.get(link.path, headers={"host": link.netloc.decode()})
    assert (page.status_code, "<form" in page.text) == (200, True)


async def test_javascript(url: str, key: str, feature: Feature) -> None:
    (snippet,) = snippets("JavaScript on a server", "js", url=url, vxp=key, wsec=SECRET)
    source = snippet.replace("@voxpop/client", str(JAVASCRIPT))
    uses, tickets, code, signature = (await run_node("--input-type=module", "--eval", source)).splitlines()
    assert (uses, tickets, code.split()[0], await count_uses(feature)) == ("false", "0", "NOT_FOUND", 1)
    assert signature == sign(SECRET, "email", ANN, int(signature.split(".")[1]))


async def test_django(url: str, key: str, feature: Feature, monkeypatch: pytest.MonkeyPatch) -> None:
    processor, views = snippets("Django", "python")
    (template,) = snippets("Django", "django")
    configure_django(monkeypatch, processor, VOXPOP_URL=url, VOXPOP_API_KEY=key)
    for email in (ANN, "</script><b>"):
        user = SimpleNamespace(is_authenticated=True, email=email)
        # Only the middleware of locales sets the language of a request.
        request = SimpleNamespace(user=user, **({"LANGUAGE_CODE": "en"} if email == ANN else {}))
        page = engines["django"].from_string(template).render(request=request)
        data = re.search(r'<script id="voxpop-user" type="application/json">(.*?)</script>', page)
        assert data
        assert json.loads(data[1])["user"]["email"] == email
        if email == ANN:
            assert_signed(json.loads(data[1]))
    visitor = SimpleNamespace(user=SimpleNamespace(is_authenticated=False))
    assert "<script" not in engines["django"].from_string(template).render(request=visitor)
    await check_django_view(views, feature)


def configure_django(monkeypatch: pytest.MonkeyPatch, processor: str, **values: str) -> None:
    """Settings that name the context processor of the document."""
    module = ModuleType("voxpop_widget")
    monkeypatch.setitem(sys.modules, "voxpop_widget", module)
    options = {"context_processors": ["voxpop_widget.signed_user"]}
    engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": options}
    values |= {"VOXPOP_WIDGET_SECRET": SECRET, "VOXPOP_PUBLISHABLE_KEY": PUBLISHABLE}
    django_settings.configure(TEMPLATES=[engine], LOGGING_CONFIG=None, **values)
    django.setup()
    exec(compile(processor, "integrate.md", "exec"), module.__dict__)  # noqa: S102 - it is our document


async def check_django_view(views: str, feature: Feature) -> None:
    module: dict[str, Any] = {}
    exec(compile(views, "integrate.md", "exec"), module)  # noqa: S102 - it is our document
    for asks, wrong in ((False, {}), (True, {}), (False, {"email": "not an address"})):
        request = SimpleNamespace(user=SimpleNamespace(**{"email": ANN} | wrong))
        response = await asyncio.to_thread(module["export"], request)
        assert json.loads(response.content)["ask_for_rating"] is asks
    assert await count_uses(feature) == 2
    module["voxpop"].close()


async def test_rails(url: str, key: str, feature: Feature) -> None:
    helper, service = snippets("Rails", "ruby")
    (layout,) = snippets("Rails", "erb")
    program = f"""{RAILS}{helper}{service}
        include VoxpopHelper
        def current_user = Struct.new(:email).new(ARGV[0])
        puts ERB.new(STDIN.read).result(binding)
        uses = 2.times.map {{ Voxpop.increment("my-app", "export", current_user.email) }}
        puts "asks: #{{uses.map {{ |use| use["should_request_feedback"] }}}}"
        begin Voxpop.increment("my-app", "other", current_user.email) rescue Voxpop::Refused; puts "refused" end
    """
    keys = {"VOXPOP_WIDGET_SECRET": SECRET, "VOXPOP_PUBLISHABLE_KEY": PUBLISHABLE}
    page = await run_ruby(program, ANN, given=layout, VOXPOP_URL=url, VOXPOP_API_KEY=key, **keys)
    options = re.search(r'voxpop\("init", (.*)\);', page)
    assert options
    assert_signed(json.loads(html.unescape(options[1])))
    assert page.endswith("asks: [false, true]\nrefused\n")
    assert await count_uses(feature) == 2
