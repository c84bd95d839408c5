"""How a workspace looks to its customers: its name, its logo and its accent colour; and the language of a member."""

import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.images import png
from tests.support.sites import ADMIN, AGENT, BROWSER, OWNER, Browser, Site

from voxpop.accounts import sign_in
from voxpop.db.pool import Database
from voxpop.types import utcnow
from voxpop.web.static import IMMUTABLE
from voxpop.workspaces.accents import BLACK, WHITE, contrast, text_colour
from voxpop.workspaces.logos import MAX_LOGO_BYTES

SETTINGS = "/settings/workspace"
FORM = {"name": "Ours", "time_zone": "UTC", "cool_down_days": "180", "portal": "on", "csat": "on"}


def jpeg(width: int = 40, height: int = 20) -> bytes:
    table = b"\xff\xe0" + struct.pack(">H", 4) + b"JF" + b"\xff"  # a segment before the frame, and a fill byte
    return b"\xff\xd8" + table + b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\0" * 16


def webp(kind: bytes, width: int = 40, height: int = 20) -> bytes:
    content = {
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
        b"VP8L": b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
        b"VP8X": b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }[kind]
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WEBP" + kind + struct.pack("<I", len(content)) + content


IMAGES = {
    "png": (png(), "image/png"),
    "jpeg": (jpeg(), "image/jpeg"),
    "lossy webp": (webp(b"VP8 "), "image/webp"),
    "lossless webp": (webp(b"VP8L"), "image/webp"),
    "extended webp": (webp(b"VP8X"), "image/webp"),
}
REFUSED = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page": b"<!doctype html><script>alert(1)</script>",
    "gif": b"GIF89a" + b"\0" * 40,
    "empty": b"",
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "cut jpeg": jpeg()[:14],
    "no pixels": png(0, 20),
    "too many pixels": png(4097, 20),
    "too large": png() + b"\0" * MAX_LOGO_BYTES,
}


@pytest.fixture
async def site(database: Database) -> Site:
    return await Site(database).set_up()


async def upload(browser: Browser, content: bytes, name: str = "logo.png") -> int:
    answer = await browser.post("/settings/workspace/logo", files={"logo": (name, content, "image/svg+xml")})
    return answer.status_code


async def logo_path(site: Site, slug: str = "default") -> str | None:
    """The address of the logo on the customers' page."""
    found = re.search(r'src="(/logo/\w+)"', (await site.browser(slug).get("/tickets/login")).text)
    return found and found[1]


@pytest.mark.parametrize("name", IMAGES)
async def test_a_logo_is_shown_to_customers(site: Site, name: str) -> None:
    content, media_type = IMAGES[name]
    owner = await site.owner()
    assert await upload(owner, content) == 303
    path = await logo_path(site)
    assert path is not None
    served = await site.browser().get(path)
    assert (served.content, served.headers["content-type"]) == (content, media_type)
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cache-control"] == IMMUTABLE
    assert "sandbox" in served.headers["content-security-policy"]
    assert 'width="40" height="20"' in (await site.browser().get("/tickets/new")).text
    assert (await site.browser("acme").get(path)).status_code == 404
    assert await logo_path(site, "acme") is None


@pytest.mark.parametrize("name", REFUSED)
async def test_other_files_are_refused_beside_the_field(site: Site, name: str) -> None:
    owner = await site.owner()
    assert await upload(owner, png()) == 303
    before = await logo_path(site)
    answer = await owner.post("/settings/workspace/logo", files={"logo": ("logo.png", REFUSED[name], "image/png")})
    assert answer.status_code == 400
    assert 'id="logo-error"' in answer.text
    assert await logo_path(site) == before


async def test_a_second_click_and_the_same_file_change_nothing(site: Site, database: Database) -> None:
    owner = await site.owner()
    assert [await upload(owner, png()) for _ in range(2)] == [303, 303]
    first = await logo_path(site)
    assert await upload(owner, png(41)) == 303
    assert await logo_path(site) not in (first, None)
    removed = [await owner.submit("/settings/workspace/logo/remove") for _ in range(2)]
    assert [answer.status_code for answer in removed] == [303, 303]
    assert await logo_path(site) is None


async def test_only_admins_change_the_look(site: Site) -> None:
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    assert [await upload(who, png()) for who in (agent, admin)] == [403, 303]
    assert (await agent.submit("/settings/workspace/logo/remove")).status_code == 403
    foreign = await owner.post(
        "/settings/workspace/logo", files={"logo": ("a.png", png())}, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert (await owner.submit("/settings/workspace/logo", logo="text")).status_code == 415
    assert (await owner.post("/settings/workspace/logo", files={"other": ("a.png", png())})).status_code == 400


@given(st.integers(0, 0xFFFFFF))
def test_text_on_every_colour_is_readable(number: int) -> None:
    colour = f"#{number:06x}"
    assert contrast(text_colour(colour), colour) >= 4.5


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)


async def test_the_accent_colour_is_on_pages_of_customers(site: Site) -> None:
    owner = await site.owner()
    assert (await owner.submit(SETTINGS, **FORM, accent=" #FFD400 ")).status_code == 303
    assert "/accent/" not in (await owner.get("/inbox")).text
    for path in ("/tickets/new", "/login", "/tickets/TK-1?x"):
        assert "/accent/ffd400.css" in (await site.browser().get(path, follow_redirects=True)).text
    style = await site.browser().get("/accent/ffd400.css")
    assert style.headers["content-type"].startswith("text/css")
    assert style.headers["cache-control"] == IMMUTABLE
    assert "--brand: #ffd400; --on-brand: #000000" in style.text
    assert "/accent/" not in (await site.browser("acme").get("/tickets/new")).text
    assert (await owner.submit(SETTINGS, **FORM)).status_code == 303  # a form without the field keeps it
    assert 'value="#ffd400"' in (await owner.get(SETTINGS)).text
    assert (await owner.submit(SETTINGS, **FORM, accent="")).status_code == 303
    assert "/accent/" not in (await site.browser().get("/tickets/new")).text


@pytest.mark.parametrize("accent", ["red", "#fff", "#12345g", "1b5eae", "#1b5eae;}", "#١٢٣٤٥٦", "url(x)"])
async def test_another_text_is_no_colour(site: Site, accent: str) -> None:
    owner = await site.owner()
    answer = await owner.submit(SETTINGS, **FORM, accent=accent)
    assert answer.status_code == 400
    assert 'id="accent-error"' in answer.text


@pytest.mark.parametrize("name", ["red.css", "fff.css", "1b5eae", "1B5EAE.css", "1b5eae.css.css"])
async def test_only_stylesheets_of_colours_are_served(site: Site, name: str) -> None:
    assert (await site.browser().get(f"/accent/{name}")).status_code == 404


async def test_the_first_owner_names_the_workspace(site: Site, database: Database) -> None:
    async with database.transaction(site.workspace_id()) as tx:
        link = await sign_in.create_owner_link(tx, site.workspaces["default"], site.settings.public_url, utcnow())
    browser = site.browser()
    assert 'name="workspace_name" type="text" value=""' in (await browser.get(link)).text
    token = link.partition("?token=")[2]
    person = {"token": token, "email": OWNER, "name": "O"}
    for name in (" \u200b", "acme"):
        refused = await browser.submit("/login/owner", **person, workspace_name=name)
        assert refused.status_code in (400, 409)
        assert 'id="workspace_name-error"' in refused.text
    assert (await browser.submit("/login/owner", **person, workspace_name="Café Ёж")).status_code == 303
    assert "Café Ёж" in (await site.browser().get("/tickets/new")).text
    again = await site.browser().submit("/login/owner", **person, workspace_name="Twice")
    assert again.status_code == 400  # the link is spent
    assert "Twice" not in (await site.browser().get("/tickets/new")).text


async def test_the_name_of_another_workspace_is_refused_beside_the_field(site: Site) -> None:
    answer = await (await site.owner()).submit(SETTINGS, **FORM | {"name": "acme"})
    assert answer.status_code == 409
    assert 'id="name-error"' in answer.text
    assert 'value="180"' in answer.text  # the rest is as it was entered


async def test_a_member_chooses_the_language_of_their_pages(site: Site) -> None:
    owner = await site.owner()
    french = {"accept-language": "fr, ru;q=0.5"}
    for language, shown in (("ru", "ru"), ("en", "en"), ("", "ru")):
        assert (await owner.submit("/settings/profile", name="Ann", language=language)).status_code == 303
        assert f'<html lang="{shown}"' in (await owner.get("/inbox", headers=french)).text
    await owner.submit("/settings/profile", name="Ann", language="ru")
    assert (await owner.submit("/settings/profile", name="Ann")).status_code == 303  # a form without the field
    assert '<html lang="ru"' in (await owner.get("/inbox")).text
    assert '<html lang="ru"' in (await owner.get("/inbox/TK-9")).text  # an error page
    assert '<html lang="en"' in (await owner.get("/tickets/new")).text  # a page of customers
    assert (await owner.submit("/settings/profile", name="Ann", language="de")).status_code == 400
    other = await site.accept_invitation(owner, ADMIN, "admin")
    assert '<html lang="en"' in (await other.get("/inbox", headers=BROWSER)).text
