"""Invitations: an owner or admin asks somebody in; the mailed link makes him a member, this once, for seven days."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop import mail, outbox
from voxpop.accounts import passwords, store
from voxpop.accounts.magic_links import make_link, use_link
from voxpop.accounts.members import NOT_YOURS
from voxpop.accounts.models import Invitation, Link, LinkKind, Login, Member, NewLink, Role
from voxpop.auth.permissions import may_manage
from voxpop.db.pool import Database, Tx
from voxpop.errors import FieldError, Forbidden, Invalid, NotFound
from voxpop.hosts import address_of
from voxpop.i18n import N_, translate
from voxpop.types import AccountId, WorkspaceId, folded, uuid7
from voxpop.workspaces.models import Workspace

ALREADY_HERE = N_("Somebody with this address is a member already.")
ROLE_NAMES = {Role.OWNER: N_("Owner"), Role.ADMIN: N_("Admin"), Role.AGENT: N_("Agent")}
NOT_HIS = N_("That is not the password of your account. If it has none, set one in your other workspace first.")
SUBJECT = N_("{name} invites you to {workspace}")
TEXT = N_("""{name} invites you to work in {workspace} as {role}.

Accept here, within seven days:

{link}
""")


class Invitee(Struct, frozen=True):
    """Who is invited, and as what."""

    email: str
    name: str | None
    role: Role


async def invite(
    tx: Tx, workspace: Workspace, by: Member, invitee: Invitee, locale: str, now: datetime, public_url: str
) -> None:
    """Replaces an open invitation of the address. Forbidden above `by`; Invalid for who is a member already."""
    if not may_manage(by.role, invitee.role):
        raise Forbidden(NOT_YOURS)
    if await store.find_login(tx, workspace.id, invitee.email):
        raise Invalid(ALREADY_HERE, details=[FieldError("email", ALREADY_HERE)])
    for each in await store.list_invitations(tx, workspace.id, now):
        if folded(each.email) == folded(invitee.email):
            _check_may_withdraw(by, each)
    await store.delete_invitations_of(tx, workspace.id, invitee.email)
    link = NewLink(LinkKind.INVITATION, email=invitee.email, name=invitee.name, role=invitee.role)
    path = await make_link(tx, workspace.id, link, now, by.actor().name)
    names = {"name": by.name, "workspace": workspace.name, "role": translate(locale, ROLE_NAMES[invitee.role])}
    text = translate(locale, TEXT, link=address_of(public_url, workspace.slug) + path, **names)
    letter = mail.compose(workspace.name, invitee.email, translate(locale, SUBJECT, **names), text, now)
    await outbox.record(tx, workspace.id, [letter], now)


async def is_of_others(tx: Tx, workspace: Workspace, link: Link) -> bool:
    """Whether an invitation is for an address whose account has a place in another workspace already."""
    if link.kind != LinkKind.INVITATION or not link.email:
        return False
    return await store.find_login_elsewhere(tx, workspace.id, link.email) is not None


async def check_password(database: Database, workspace: Workspace, email: str, password: str) -> None:
    """Invalid unless the account with a place elsewhere is opened by it: then it is no stranger who takes it along."""
    async with database.transaction(workspace.id) as tx:
        login = await store.find_login_elsewhere(tx, workspace.id, email)
    if login and not (await passwords.verify(login.password_hash, password)).right:
        raise Invalid(NOT_HIS, details=[FieldError("password", NOT_HIS)])


async def accept(tx: Tx, workspace: Workspace, token: str, now: datetime, *, proven: bool) -> AccountId:
    """Makes the bearer a member; his account, if he has one, stays as it is. LinkSpent as for any link.

    `proven`: the link came by mail, so that he has the address.
    """
    link = await use_link(tx, workspace.id, LinkKind.INVITATION, token, now)
    email = link.email or ""
    person = Login(AccountId(uuid7()), link.name or email.partition("@")[0], email, None)
    role = Role(link.role or Role.AGENT)
    return await store.insert_member(tx, workspace.id, person, role, now, f"member:{email}", proven=proven)


async def list_invitations(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[Invitation]:
    """Those that can still be taken up."""
    return await store.list_invitations(tx, workspace, now)


async def withdraw(tx: Tx, by: Member, invitation: UUID, now: datetime) -> None:
    """Its link opens nothing any more. NotFound for one that is not open, Forbidden above `by`."""
    known = {each.id: each for each in await store.list_invitations(tx, by.workspace_id, now)}
    if invitation not in known:
        raise NotFound
    _check_may_withdraw(by, known[invitation])
    await store.delete_invitation(tx, by.workspace_id, invitation)


def _check_may_withdraw(by: Member, invitation: Invitation) -> None:
    if not may_manage(by.role, Role(invitation.role)):
        raise Forbidden(NOT_YOURS)
