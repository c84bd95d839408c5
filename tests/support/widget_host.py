"""A shop at another origin with the widget, under a strict policy: its page, its scripts, and what its visitor sees."""

import json
from typing import Any, Self

from litestar.types import ASGIApp
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

SHOP = "shop.localhost"
TYPES = {"/app.js": "text/javascript", "/style.css": "text/css"}
HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css">
<script async src="{voxpop}/widget/v1.js"></script><script src="/app.js"></script></head>
<body><main><h1>Shop</h1><button id="use">Search</button><input id="field" aria-label="Query"></main></body></html>"""
# The calls come before the widget's script, as in the snippet.
APP = """window.voxpop ||= (...call) => (voxpop.queue ||= []).push(call);
window.seen = [];
for (const event of ["ready", "ask", "answer", "dismiss", "error", "call"])
  voxpop("on", event, (detail) => seen.push({{event, ...detail}}));
voxpop("on", "call", () => {{ throw new Error("a listener of the page failed"); }});
voxpop("init", {options});
document.addEventListener("DOMContentLoaded", () =>
  document.getElementById("use").addEventListener("click", () => voxpop("track", "pms", "dashboard")));
"""


class ShopServer:
    """Serves the shop at its own host name, and Voxpop at any other, from the same port."""

    def __init__(self, voxpop: ASGIApp) -> None:
        self._voxpop = voxpop
        self.style, self.options = "", dict[str, Any]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        host = dict(scope["headers"]).get(b"host", b"").decode()
        if not host.startswith(SHOP):
            return await self._voxpop(scope, receive, send)
        voxpop = f"http://127.0.0.1:{host.partition(':')[2]}"
        texts = {
            "/": HTML.format(voxpop=voxpop),
            "/app.js": APP.format(options=json.dumps(self.options)),
            "/style.css": self.style,
        }
        headers = {"content-type": TYPES.get(scope["path"], "text/html"), "content-security-policy": _policy(voxpop)}
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        status = 200 if scope["path"] in texts else 404
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": texts.get(scope["path"], "").encode()})


def _policy(voxpop: str) -> str:
    """The host of the widget is in two directives, and no inline script or style is allowed."""
    return (
        f"default-src 'none'; script-src 'self' {voxpop}; connect-src {voxpop}; style-src 'self'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


class Visitor:
    """A visitor's browser. `errors` has what a page would report as a fault, `hosts` has where requests went."""

    def __init__(self, context: BrowserContext, shop: str) -> None:
        self.context, self.shop = context, shop
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        context.set_default_timeout(10_000)
        context.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", self._note)

    @classmethod
    async def of(cls, chromium: Browser, shop: str, **options: Any) -> Self:
        return cls(await chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options)), shop)

    async def page(self) -> Page:
        page = await self.context.new_page()
        await page.goto(f"{self.shop}/")
        return page

    def _note(self, line: ConsoleMessage) -> None:
        """Violations of the policy; a listener of the page that fails is no fault of the widget."""
        if "Content Security Policy" in line.text:
            self.errors.append(line.text)


def card(page: Page) -> Locator:
    return page.get_by_role("dialog")


async def use(page: Page, times: int = 1) -> None:
    """Presses the button of the feature, each time until the server has counted it."""
    for _ in range(times):
        before = await results(page)
        await page.locator("#use").click()
        await page.wait_for_function("count => seen.filter(({event}) => event === 'call').length > count", arg=before)


async def results(page: Page) -> int:
    return int(await page.evaluate("window.seen.filter(({event}) => event === 'call').length"))


async def events(page: Page, name: str) -> list[dict[str, Any]]:
    return list(await page.evaluate("name => seen.filter(({event}) => event === name)", name))
