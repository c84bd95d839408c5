"""The snippets of docs/integrate.md for pages run in Chromium, at another origin, with React, Vue and the widget."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from tests.browser.conftest import close_contexts
from tests.support.factories import Factory
from tests.support.features import Feature
from tests.support.guide import snippets
from tests.support.http_server import HttpServer
from tests.support.programs import run_esbuild, run_node
from tests.support.waiting import eventually
from tests.support.widget import WidgetPage

from voxpop.config.loading import load
from voxpop.db.pool import Database

pytestmark = pytest.mark.browser

SHOP, VENDOR = "shop.localhost", Path(__file__).parents[1] / "vendor"
PACKAGES = {
    "react": "react/react.production.js",
    "react/jsx-runtime": "react/react-jsx-runtime.production.js",
    "react-dom": "react-dom/react-dom.production.js",
    "react-dom/client": "react-dom/react-dom-client.production.js",
    "scheduler": "scheduler/scheduler.production.js",
    "vue": "vue/vue.runtime.esm-browser.prod.js",
}
# What a build with Vue does to a component.
COMPILE_VUE = """
import { text } from "node:stream/consumers";
import { compileScript, parse } from "COMPILER";
const { descriptor } = parse(JSON.parse(await text(process.stdin)));
console.log(compileScript(descriptor, { id: "voxpop", inlineTemplate: true }).content);
"""
USE_REACT = """
import { createRoot } from "react-dom/client";
import { ExportButton, Voxpop } from "./Voxpop.jsx";
createRoot(document.getElementById("app")).render(
  <><Voxpop user={window.user} locale="en" /><ExportButton onExport={() => {}} /></>);
"""
USE_VUE = """
import { createApp } from "vue";
import Voxpop from "./Voxpop.vue.js";
createApp(Voxpop, { user: window.user, locale: "en" }).mount("#app");
"""


async def bundle(folder: Path, **values: str) -> dict[str, str]:
    """The pages' scripts, built from the snippets as an application builds them."""
    (module,), (component,) = snippets("React", "js", **values), snippets("React", "jsx", **values)
    (vue,) = snippets("Vue", "vue", **values)
    compiler = COMPILE_VUE.replace("COMPILER", str(VENDOR / "vue-compiler/compiler-sfc.esm-browser.js"))
    compiled = await run_node("--input-type=module", "--eval", compiler, given=vue)
    files = {"voxpop.js": module, "Voxpop.jsx": component, "Voxpop.vue.js": compiled}
    for name, text in (files | {"react.jsx": USE_REACT, "vue.js": USE_VUE}).items():
        (folder / name).write_text(text)
    aliases = [f"--alias:{name}={VENDOR / file}" for name, file in PACKAGES.items()]
    entries = [folder / "react.jsx", folder / "vue.js"]
    await run_esbuild(*entries, "--bundle", "--format=esm", "--jsx=automatic", f"--outdir={folder}/built", *aliases)
    return {f"/{name}.js": (folder / f"built/{name}.js").read_text() for name in ("react", "vue")}


class Shop:
    """Serves pages at its own host name, and Voxpop at any other, from the same port."""

    def __init__(self, voxpop: Any, files: dict[str, str]) -> None:
        self._voxpop, self._files = voxpop, files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not dict(scope["headers"]).get(b"host", b"").startswith(SHOP.encode()):
            return await self._voxpop(scope, receive, send)
        kind = b"text/javascript" if scope["path"].endswith(".js") else b"text/html"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": self._files.get(scope["path"], "").encode()})


def plain_page(user: dict[str, Any], **values: str) -> str:
    """The snippet with its example user replaced, and a button that reports a use."""
    (snippet,), (track,) = snippets("The widget in a page", "html", **values), snippets("The widget in a page", "js")
    signed = snippet.replace("v1....", user["signature"])
    assert signed.count(user["email"]) == 1
    use = f"document.querySelector('button').onclick = () => {{ {track} }}"
    return f"<!doctype html><button>Export</button><script>{use}</script>{signed}"


def built_page(name: str, user: dict[str, Any]) -> str:
    script = f"<script>window.user = {json.dumps(user)}</script><script type=module src=/{name}.js></script>"
    return f"<!doctype html><div id=app></div>{script}"


async def test_the_pages_of_the_guide_ask_after_the_second_use(
    chromium: Browser, server: HttpServer, database: Database, tmp_path: Path
) -> None:
    make = Factory(database, load(env={}, directory=tmp_path))
    workspace = await make.workspace("ours")
    feature = await Feature.open(await make.client(workspace), "my-app", "export", uses=2)
    widget = await WidgetPage.open(make, workspace, f"http://{SHOP}:{server.port}")
    values = {"url": f"http://127.0.0.1:{server.port}", "pk": widget.key.text}
    users = {name: widget.signed({"email": f"{name}@example.com"}) for name in ("ann", "react", "vue")}
    files = {f"/{name}": built_page(name, users[name]) for name in ("react", "vue")}
    files |= {"/ann": plain_page(users["ann"], **values)} | await bundle(tmp_path, **values)
    async with server.serving(Shop(make.app, files)):
        context = await chromium.new_context()
        for name in users:
            page = await context.new_page()
            await page.goto(f"http://{SHOP}:{server.port}/{name}")
            for uses in (1, 2):
                await page.get_by_role("button", name="Export").click()
                await eventually(lambda: count_uses(feature, name), uses)  # noqa: B023 - it is awaited here
            await expect(page.get_by_role("dialog")).to_be_visible()
        await close_contexts(chromium)
    await make.close()


async def count_uses(feature: Feature, name: str) -> int:
    return (await feature.counts(f"{name}@example.com"))[1]
