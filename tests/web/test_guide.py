"""The guide: every document is open to everyone, its links lead somewhere, and the search finds sections."""

import html
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.sites import Browser, Site

from voxpop.db.pool import Database
from voxpop.web.guide.documents import CHECKOUT, documents


@pytest.fixture
async def visitor(database: Database) -> Browser:
    return (await Site(database).set_up()).browser()


async def test_every_document_is_open_and_its_links_lead_somewhere(visitor: Browser) -> None:
    files = {file.relative_to(CHECKOUT).with_suffix("").as_posix() for file in CHECKOUT.rglob("*.md")}
    assert files == set(documents())
    assert len(files) > 10
    index = (await visitor.get("/guide")).text
    for name in files:
        assert f'href="/guide/{name}"' in index
        page = await visitor.get(f"/guide/{name}")
        assert page.status_code == 200
        assert re.findall(r"<style|<script|<[^>]*\s(?:style|on\w+)=", page.text) == []
        for target in set(re.findall(r'href="(/guide/[^"#]+)', page.text)):
            assert target.removeprefix("/guide/") in files, (name, target)
        anchors = re.findall(r' id="([^"]+)"', page.text)
        assert len(anchors) == len(set(anchors)), name


@pytest.mark.parametrize("path", ["/guide/nothing", "/guide/../README", "/guide/%2e%2e/README", "/guide/tickets.md"])
async def test_only_documents_are_shown(visitor: Browser, path: str) -> None:
    assert (await visitor.get(path)).status_code == 404


async def test_the_search_finds_sections(visitor: Browser) -> None:
    page = (await visitor.get("/guide", params={"q": " KAFKA  bootstrap "})).text
    links = re.findall(r'<li><a href="(/guide/[^"]+#[^"]+)"', page)
    assert any(link.startswith("/guide/configuration#") for link in links)
    assert re.search(r"<mark>kafka</mark>", page, re.IGNORECASE)
    for link in links:
        path, _, anchor = link.partition("#")
        assert f' id="{html.unescape(anchor)}"' in (await visitor.get(path)).text


@pytest.mark.parametrize("query", ["", " ", "nothing-like-this", "<script>alert(1)</script>", "%(", "a" * 5000, "\x00"])
async def test_a_search_without_a_result_says_so(visitor: Browser, query: str) -> None:
    answer = await visitor.get("/guide", params={"q": query})
    assert answer.status_code == (400 if query == "\x00" else 200)
    assert "<script>alert" not in answer.text
    if query.strip("\x00 "):
        assert "Nothing found" in answer.text


async def test_the_guide_speaks_the_language_of_the_browser_around_english_documents(visitor: Browser) -> None:
    page = (await visitor.get("/guide/tickets", headers={"accept-language": "ru"})).text
    assert '<html lang="ru"' in page
    assert '<article lang="en">' in page
    assert "Поиск по руководству" in page


def test_the_wheel_has_every_document(tmp_path: Path) -> None:
    build = f"import hatchling.build; hatchling.build.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=CHECKOUT.parent, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packaged = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("voxpop/guide/")}
    assert packaged == {f"voxpop/guide/{name}.md" for name in documents()}
