"""Members: invitations, roles, the last owner, removal, an account in two workspaces, name and password."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from tests.support.sites import ADMIN, AGENT, OWNER, PASSWORD, Browser, Site, member_id, shown_secret

from voxpop.accounts import members

Owner = asyncpg.Connection


async def status(browser: Browser, path: str = "/settings/profile") -> int:
    return (await browser.get(path)).status_code


async def test_an_accepted_invitation_gives_its_role(site: Site) -> None:  # T25
    owner = await site.owner()
    for email, role in ((ADMIN, "admin"), (AGENT, "agent")):
        browser = await site.accept_invitation(owner, email, role)
        assert await status(browser) == 200
        assert ((await browser.get("/settings")).status_code == 200) is (role == "admin")
    page = (await owner.get("/settings")).text
    assert "3 members" in page
    assert "Invited" not in page


async def test_an_invitation_works_once_within_seven_days(site: Site, owner: Owner) -> None:  # T25
    link = await site.invite((await site.owner()), AGENT, "agent")
    await owner.execute("UPDATE magic_link SET expires_at = expires_at - interval '6 days 23 hours'")
    assert (await site.browser().get(link)).status_code == 200
    assert (await site.browser().use_link(link)).status_code == 303
    path, _, token = link.partition("?token=")
    assert (await site.browser().submit(path, token=token)).status_code == 400


async def test_an_invitation_expires_after_seven_days(site: Site, owner: Owner) -> None:  # T25
    browser = await site.owner()
    link = await site.invite(browser, AGENT, "agent")
    await owner.execute("UPDATE magic_link SET expires_at = expires_at - interval '7 days'")
    path, _, token = link.partition("?token=")
    assert (await site.browser().submit(path, token=token)).status_code == 400
    assert AGENT not in (await browser.get("/settings")).text


async def test_an_invitation_can_be_withdrawn_and_replaced(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    replaced, link = [await site.invite(browser, AGENT) for _ in range(2)]
    assert (await site.browser().get(replaced)).status_code == 400
    assert await owner.fetchval("SELECT count(*) FROM magic_link WHERE kind = 'invitation'") == 1
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE kind = 'invitation'")
    assert (await browser.submit(f"/settings/invitations/{invitation}/withdraw")).status_code == 303
    assert (await site.browser().get(link)).status_code == 400
    assert (await browser.submit(f"/settings/invitations/{invitation}/withdraw")).status_code == 404


async def test_without_a_mail_server_an_invitation_shows_its_link_once(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    link = await site.invite(browser, AGENT)
    assert link.startswith("http://voxpop.test/login/invitation?token=")
    page = (await browser.get("/settings")).text
    assert (AGENT in page, "/login/invitation" in page) == (True, False)
    assert (await browser.get("/settings/invitations")).headers["location"] == "/settings"
    assert await site.emails() == []  # nothing is said to be sent, and no copy of the secret is stored
    token = link.partition("?token=")[2]
    assert token[32:] not in str(await owner.fetch("TABLE magic_link")) + str(await owner.fetch("TABLE outbox"))


@pytest.mark.parametrize("sends_email", [False, True])
async def test_a_new_link_replaces_that_of_an_invitation(site: Site, owner: Owner, sends_email: bool) -> None:
    at = site.with_smtp() if sends_email else site
    browser = at.move(await site.owner())
    old = await at.invite(browser, AGENT, "admin")
    await owner.execute("UPDATE magic_link SET expires_at = expires_at - interval '6 days'")
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE kind = 'invitation'")
    new = shown_secret(await browser.submit(f"/settings/invitations/{invitation}/link"))
    assert (await browser.submit(f"/settings/invitations/{invitation}/link")).status_code == 404
    await owner.execute("UPDATE magic_link SET expires_at = expires_at - interval '6 days'")
    assert [(await at.browser().get(link)).status_code for link in (old, new)] == [400, 200]
    assert (await at.browser().use_link(new)).status_code == 303
    assert "2 members" in (await browser.get("/settings")).text
    assert len(await site.emails()) == sends_email


async def test_two_new_links_at_once_leave_one_invitation(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    await site.invite(browser, AGENT)
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE kind = 'invitation'")
    answers = await asyncio.gather(*(browser.submit(f"/settings/invitations/{invitation}/link") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert await owner.fetchval("SELECT count(*) FROM magic_link WHERE kind = 'invitation'") == 1


async def test_a_link_that_a_member_could_read_proves_no_address(site: Site, owner: Owner) -> None:
    """Even with a mail server: the owner who asks for a new link could accept the invitation themselves."""
    await site.owner(password=PASSWORD)
    sending = site.with_smtp()
    other = sending.move(await site.owner("acme", "other@example.com"))
    await sending.invite(other, OWNER)
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE kind = 'invitation'")
    link = shown_secret(await other.submit(f"/settings/invitations/{invitation}/link"))
    assert PASSWORD_FIELD in (await sending.browser("acme").get(link)).text
    assert (await sending.browser("acme").use_link(link, password="wrong")).status_code == 400
    assert (await sending.browser("acme").use_link(link, password=PASSWORD)).status_code == 303
    assert await owner.fetchval("SELECT count(*) FROM account WHERE email_verified_at IS NOT NULL") == 0


SETTINGS = [
    ("POST", "/settings/invitations"),
    ("POST", "/settings/invitations/{id}/link"),
    ("POST", "/settings/invitations/{id}/withdraw"),
    ("POST", "/settings/members/{id}/role"),
    ("POST", "/settings/members/{id}/remove"),
    ("GET", "/settings/keys"),
    ("POST", "/settings/keys"),
    ("POST", "/settings/keys/{id}/revoke"),
    ("GET", "/settings/workspace"),
    ("POST", "/settings/workspace"),
    ("GET", "/settings/mail"),
]


@pytest.mark.parametrize(("method", "path"), SETTINGS)
async def test_agents_neither_invite_nor_change_settings(site: Site, method: str, path: str) -> None:  # T25
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    any_id = "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"
    answer = await agent.request(method, path.format(id=any_id), data={"email": "x@example.com", "role": "agent"})
    assert (answer.status_code, "You don’t have access" in answer.text) == (403, True)
    anonymous = await site.browser().request(method, path.format(id=any_id))
    assert anonymous.headers["location"].startswith("/login")


async def test_an_admin_manages_everyone_except_owners(site: Site) -> None:  # T25
    owner = await site.owner()
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    await site.accept_invitation(owner, AGENT, "agent")
    founder, agent = await member_id(owner, OWNER), await member_id(owner, AGENT)
    assert (await admin.submit("/settings/invitations", email="x@example.com", role="owner")).status_code == 403
    assert (await admin.submit(f"/settings/members/{founder}/remove")).status_code == 403
    assert (await admin.submit(f"/settings/members/{founder}/role", role="agent")).status_code == 403
    assert (await admin.submit(f"/settings/members/{agent}/role", role="owner")).status_code == 403
    assert (await admin.submit(f"/settings/members/{agent}/role", role="admin")).status_code == 303
    assert (await admin.submit(f"/settings/members/{agent}/remove")).status_code == 303
    assert await status(admin, "/settings/mail") == 403


async def test_a_changed_role_applies_immediately(site: Site) -> None:  # T25
    owner = await site.owner()
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    path = f"/settings/members/{await member_id(owner, ADMIN)}/role"
    assert await status(admin, "/settings/keys") == 200
    await owner.submit(path, role="agent")
    assert await status(admin, "/settings/keys") == 403
    assert (await owner.submit(path, role="emperor")).status_code == 400


async def test_the_last_owner_cannot_leave_or_change_role(site: Site) -> None:
    owner = await site.owner()
    own_id = await member_id(owner, OWNER)
    for answer in (
        await owner.submit(f"/settings/members/{own_id}/remove"),
        await owner.submit(f"/settings/members/{own_id}/role", role="agent"),
    ):
        assert (answer.status_code, "A workspace needs at least one owner." in answer.text) == (409, True)
    assert (await owner.submit(f"/settings/members/{own_id}/role", role="owner")).status_code == 303
    await site.accept_invitation(owner, "second@example.com", "owner")
    assert (await owner.submit(f"/settings/members/{own_id}/remove")).status_code == 303
    assert await status(owner) == 303


async def test_two_owners_cannot_demote_each_other_at_the_same_time(site: Site, owner: Owner) -> None:
    first = await site.owner()
    second = await site.accept_invitation(first, "second@example.com", "owner")
    one, two = await member_id(first, OWNER), await member_id(first, "second@example.com")
    answers = await asyncio.gather(
        first.submit(f"/settings/members/{two}/role", role="agent"),
        second.submit(f"/settings/members/{one}/role", role="agent"),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 403]
    assert await owner.fetchval("SELECT count(*) FROM member WHERE role = 'owner'") == 1


async def test_a_removed_member_is_signed_out_and_their_name_stays(site: Site) -> None:
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    await agent.submit("/settings/password", new=PASSWORD)
    removed = await member_id(owner, AGENT)
    await site.browser().submit("/login/mail", email=AGENT)
    link = await site.last_link(AGENT)
    await owner.submit(f"/settings/members/{removed}/remove")
    assert await status(agent) == 303
    assert (await site.browser().submit("/login", email=AGENT, password=PASSWORD)).status_code == 400
    assert (await site.browser().get(link)).status_code == 400
    async with site.database.transaction(site.workspace_id()) as tx:
        listed = [row.email for row in await members.list_members(tx, site.workspace_id())]
        names = await members.get_names(tx, site.workspace_id(), [UUID(removed)])
    assert (listed, list(names.values())) == ([OWNER], ["agent"])
    assert await status(await site.accept_invitation(owner, AGENT, "admin"), "/settings/keys") == 200


async def test_an_account_has_a_separate_role_in_each_workspace(site: Site) -> None:  # T26
    owner = await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    at_acme = await site.accept_invitation(other, OWNER.upper(), "agent", "acme", PASSWORD)
    assert (await status(at_acme, "/settings/keys"), await status(owner, "/settings/keys")) == (403, 200)
    again = site.browser("acme")
    await again.submit("/login", email=OWNER, password=PASSWORD)
    assert (await status(again), await status(again, "/settings/keys")) == (200, 403)
    assert "other@example.com" not in (await owner.get("/settings")).text
    await other.submit(f"/settings/members/{await member_id(other, OWNER)}/remove")
    assert (await status(again), await status(owner)) == (303, 200)


async def test_members_of_another_workspace_are_not_found(site: Site) -> None:  # T26
    owner = await site.owner()
    await site.accept_invitation(owner, AGENT, "agent")
    agent = await member_id(owner, AGENT)
    stranger = await site.owner("acme", "other@example.com")
    for answer in (
        await stranger.submit(f"/settings/members/{agent}/remove"),
        await stranger.submit(f"/settings/members/{agent}/role", role="admin"),
    ):
        assert answer.status_code == 404
    assert "2 members" in (await owner.get("/settings")).text


@pytest.mark.parametrize(
    ("email", "message"),
    [("nonsense", "Enter an email address"), (OWNER.upper(), "Someone with this address is already a member.")],
)
async def test_a_refused_invitation_shows_the_reason(site: Site, email: str, message: str) -> None:
    owner = await site.owner()
    answer = await owner.submit("/settings/invitations", email=email, role="agent")
    assert (answer.status_code, message in answer.text) == (400, True)
    assert await site.emails() == []


async def test_a_member_changes_their_own_name(site: Site) -> None:
    owner = await site.owner()
    assert (await owner.submit("/settings/profile", name=" <b>Ann</b> ")).status_code == 303
    assert "&lt;b&gt;Ann&lt;/b&gt;" in (await owner.get("/settings")).text
    assert (await owner.submit("/settings/profile", name="  ")).status_code == 400
    assert (await owner.submit("/settings/profile", name="x" * 201)).status_code == 400


async def test_a_new_password_ends_other_sessions_everywhere(site: Site) -> None:
    owner = await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    elsewhere = [await site.accept_invitation(other, OWNER, "agent", "acme", PASSWORD), site.browser()]
    await elsewhere[1].submit("/login", email=OWNER, password=PASSWORD)
    wrong = await owner.submit("/settings/password", current="wrong", new="another long password")
    assert (wrong.status_code, "That is not your current password." in wrong.text) == (400, True)
    assert [await status(each) for each in elsewhere] == [200, 200]
    assert (await owner.submit("/settings/password", current=PASSWORD, new="another long password")).status_code == 303
    assert [await status(each) for each in elsewhere] == [303, 303]
    assert (await status(owner), await status(other)) == (200, 200)
    assert (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).status_code == 400
    assert (await site.browser().submit("/login", email=OWNER, password="another long password")).status_code == 303


@pytest.mark.parametrize("password", ["", "elevenchars", "aaaaaaaaaaaaaaaa", f"my {OWNER} here", "x" * 201])
async def test_a_weak_password_is_refused(site: Site, password: str) -> None:
    answer = await (await site.owner()).submit("/settings/password", new=password)
    assert answer.status_code == 400


PASSWORD_FIELD = 'name="password"'


async def test_an_existing_account_accepts_an_invitation_with_its_password(site: Site) -> None:  # T26
    """Without a mail server, the owner who invites can read the link and could accept it themselves."""
    await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    link = await site.invite(other, OWNER, "admin")
    assert PASSWORD_FIELD in (await site.browser("acme").get(link)).text
    for wrong in ("", "wrong"):
        refused = await site.browser("acme").use_link(link, password=wrong)
        assert (refused.status_code, "set-cookie" in refused.headers) == (400, False)
        assert "That is not the password of your account." in refused.text
        assert PASSWORD_FIELD in refused.text
    assert "1 member" in (await other.get("/settings")).text
    assert (await site.browser("acme").use_link(link, password=PASSWORD)).status_code == 303
    assert "2 members" in (await other.get("/settings")).text


async def test_an_existing_account_without_a_password_cannot_accept(site: Site) -> None:  # T26
    await site.owner()
    other = await site.owner("acme", "other@example.com")
    link = await site.invite(other, OWNER, "admin")
    for password in ("", "no account has this password"):
        assert (await site.browser("acme").use_link(link, password=password)).status_code == 400


async def test_other_invitations_need_no_password(site: Site) -> None:
    """A new account needs none, and neither does any account whose link was sent by email."""
    await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    for email, at in ((AGENT, site), (OWNER, site.with_smtp())):
        link, browser = await at.invite(at.move(other), email), at.browser("acme")
        assert PASSWORD_FIELD not in (await browser.get(link)).text
        assert (await browser.use_link(link)).status_code == 303


@pytest.mark.parametrize(
    ("proof", "kept"), [(None, False), ("link shown in the settings", False), ("emailed link", True)]
)
async def test_an_account_made_for_an_unverified_address_passes_to_its_true_owner(
    site: Site, proof: str | None, kept: bool
) -> None:
    claimer, owner = await site.owner("acme", AGENT, PASSWORD), await site.owner()
    if proof:
        at = site.with_smtp() if proof == "emailed link" else site
        await at.browser("acme").submit("/login/mail", email=AGENT)
        assert (await at.browser("acme").use_link(await site.last_link(AGENT, "acme"))).status_code == 303
    await claimer.submit("/login/mail", email=AGENT)
    waiting = await site.last_link(AGENT, "acme")
    true_owner, sending = site.browser(), site.with_smtp()
    assert (await true_owner.use_link(await sending.invite(sending.move(owner), AGENT))).status_code == 303
    assert await status(true_owner) == 200
    assert await status(claimer) == (200 if kept else 303)
    signed_in = await site.browser("acme").submit("/login", email=AGENT, password=PASSWORD)
    assert signed_in.status_code == (303 if kept else 400)
    assert (await site.browser("acme").get(waiting)).status_code == (200 if kept else 400)


async def test_without_a_mail_server_an_invitation_does_not_verify_the_address(site: Site) -> None:
    """Otherwise an owner could take over an account that is a member nowhere else."""
    claimer, owner = await site.owner("acme", AGENT, PASSWORD), await site.owner()
    await site.accept_invitation(owner, AGENT, "agent", password=PASSWORD)
    assert await status(claimer) == 200
    assert (await site.browser("acme").submit("/login", email=AGENT, password=PASSWORD)).status_code == 303


async def test_an_admin_cannot_replace_or_withdraw_an_owners_invitation(site: Site, owner: Owner) -> None:  # T25
    first = await site.owner()
    admin = await site.accept_invitation(first, ADMIN, "admin")
    link = await site.invite(first, "second@example.com", "owner")
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE role = 'owner'")
    replaced = await admin.submit("/settings/invitations", email="SECOND@example.com", role="agent")
    withdrawn = await admin.submit(f"/settings/invitations/{invitation}/withdraw")
    shown = await admin.submit(f"/settings/invitations/{invitation}/link")
    assert (replaced.status_code, withdrawn.status_code, shown.status_code) == (403, 403, 403)
    assert (await site.browser().use_link(link)).status_code == 303
    assert await owner.fetchval("SELECT count(*) FROM member WHERE role = 'owner'") == 2


async def test_a_new_password_deletes_links_everywhere(site: Site) -> None:
    owner = await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    await site.accept_invitation(other, OWNER, "agent", "acme", PASSWORD)
    links = {}
    for slug, email in (("acme", OWNER), ("default", OWNER), ("acme", "other@example.com")):
        await site.browser(slug).submit("/login/mail", email=email)
        links[slug, email] = await site.last_link(email, slug)
    await owner.submit("/settings/password", current=PASSWORD, new="another long password")
    statuses = {key: (await site.browser(key[0]).get(link)).status_code for key, link in links.items()}
    assert statuses == {("acme", OWNER): 400, ("default", OWNER): 400, ("acme", "other@example.com"): 200}
