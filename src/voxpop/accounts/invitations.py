"""Invitations: an owner or admin invites someone by email; the link in it makes them a member, once, within 7 days."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from voxpop import mail, outbox
from voxpop.accounts import magic_links_store, passwords, store
from voxpop.accounts.magic_links import create_link, get_link, use_link
from voxpop.accounts.members import OWNERS_ONLY
from voxpop.accounts.models import Account, Invitation, LinkKind, MagicLink, Member, NewMagicLink, Role
from voxpop.auth.permissions import may_manage
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.email_addresses import normalize_email
from voxpop.errors import FieldError, Forbidden, Invalid, NotFound
from voxpop.hosts import workspace_url
from voxpop.i18n import N_, translate
from voxpop.types import AccountId, Audit, WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace

ALREADY_MEMBER = N_("Someone with this address is already a member.")
WRONG_PASSWORD = N_("That is not the password of your account. If it has none, set one in your other workspace first.")
ROLE_NAMES = {Role.OWNER: N_("Owner"), Role.ADMIN: N_("Admin"), Role.AGENT: N_("Agent")}
SUBJECT = N_("{name} invites you to {workspace}")
TEXT = N_("""{name} invites you to work in {workspace} as {role}.

Accept the invitation here:

{link}

The link works once and expires in 7 days.
""")


class Invitee(Struct, frozen=True):
    """The person to invite, their role, and the language of the email."""

    email: str
    name: str | None
    role: Role
    locale: str


class InvitationLink(Struct, frozen=True):
    """The link of an invitation. It is shown once, because only the hash of its secret is stored."""

    email: str
    link: str


async def invite(
    tx: Tx, workspace: Workspace, inviter: Member, invitee: Invitee, now: datetime, settings: Settings
) -> InvitationLink:
    """Creates an invitation and emails it, if email is sent. It replaces an open one of the same address.

    Forbidden if the inviter may not grant the role, Invalid if the address belongs to a member.
    """
    if not may_manage(inviter.role, invitee.role):
        raise Forbidden(OWNERS_ONLY)
    if await store.find_account_by_email(tx, workspace.id, invitee.email):
        raise Invalid(ALREADY_MEMBER, details=[FieldError("email", ALREADY_MEMBER)])
    for invitation in await magic_links_store.list_invitations(tx, workspace.id, now):
        if normalize_email(invitation.email) == normalize_email(invitee.email):
            _check_may_withdraw(inviter, invitation)
    await magic_links_store.delete_invitations_of_email(tx, workspace.id, invitee.email)
    new = NewMagicLink(
        LinkKind.INVITATION,
        email=invitee.email,
        name=invitee.name,
        role=invitee.role,
        email_only=settings.sends_email,
    )
    path = await create_link(tx, workspace.id, new, Audit(now, inviter.actor().name))
    link = workspace_url(settings.public_url, workspace.slug) + path
    if settings.sends_email:
        await outbox.record(tx, workspace.id, [_email(workspace, inviter, invitee, link, now)], now)
    return InvitationLink(invitee.email, link)


async def replace_link(
    tx: Tx, workspace: Workspace, manager: Member, invitation: UUID, now: datetime, public_url: str
) -> InvitationLink:
    """A new link for an open invitation, to be handed over by the manager; the old link becomes useless.

    NotFound unless the invitation is open, Forbidden if the manager lacks the right.
    """
    old = await _delete(tx, manager, invitation, now)
    new = NewMagicLink(LinkKind.INVITATION, email=old.email, name=old.name, role=Role(old.role))
    path = await create_link(tx, workspace.id, new, Audit(now, manager.actor().name))
    return InvitationLink(old.email, workspace_url(public_url, workspace.slug) + path)


def _email(workspace: Workspace, inviter: Member, invitee: Invitee, link: str, now: datetime) -> outbox.Message:
    names = {"name": inviter.name, "workspace": workspace.name}
    role = translate(invitee.locale, ROLE_NAMES[invitee.role])
    text = translate(invitee.locale, TEXT, link=link, role=role, **names)
    return mail.compose(workspace.name, invitee.email, translate(invitee.locale, SUBJECT, **names), text, now)


async def needs_password(tx: Tx, workspace: WorkspaceId, link: MagicLink) -> bool:
    """Whether a link is an invitation that a member here could read, and its address has an account elsewhere."""
    if link.kind != LinkKind.INVITATION or not link.email or link.email_only:
        return False
    return await store.find_account_of_other_workspace(tx, workspace, link.email) is not None


async def find_protected_invitation(
    database: Database, workspace: WorkspaceId, token: str, now: datetime
) -> MagicLink | None:
    """The invitation of a token if its bearer must prove to own an account elsewhere, else None. LinkSpent as usual."""
    async with database.transaction(workspace) as tx:
        link = await get_link(tx, workspace, LinkKind.INVITATION, token, now)
        return link if await needs_password(tx, workspace, link) else None


async def check_password(database: Database, workspace: WorkspaceId, email: str, password: str) -> None:
    """Invalid unless it is the password of the address's account elsewhere.

    It proves that the person who accepts the invitation owns that account.
    """
    async with database.transaction(workspace) as tx:
        account = await store.find_account_of_other_workspace(tx, workspace, email)
    if account and not (await passwords.verify(account.password_hash, password)).right:
        raise Invalid(WRONG_PASSWORD, details=[FieldError("password", WRONG_PASSWORD)])


async def accept_invitation(tx: Tx, workspace: WorkspaceId, token: str, now: datetime) -> AccountId:
    """Makes the bearer a member, with the account of the invited address if there is one. LinkSpent as usual."""
    link = await use_link(tx, workspace, LinkKind.INVITATION, token, now)
    email = link.email or ""
    new = Account(AccountId(uuid7()), link.name or email.partition("@")[0], email, None)
    role = Role(link.role or Role.AGENT)
    audit = Audit(now, f"member:{email}")
    return await store.insert_member(tx, workspace, new, role, audit, email_verified=link.email_only)


async def list_invitations(tx: Tx, workspace: WorkspaceId, now: datetime) -> list[Invitation]:
    """The invitations that can still be accepted."""
    return await magic_links_store.list_invitations(tx, workspace, now)


async def withdraw_invitation(tx: Tx, manager: Member, invitation: UUID, now: datetime) -> None:
    """Makes the invitation's link useless. NotFound unless it is open, Forbidden if the manager lacks the right."""
    await _delete(tx, manager, invitation, now)


async def _delete(tx: Tx, manager: Member, invitation: UUID, now: datetime) -> Invitation:
    open_invitations = {each.id: each for each in await list_invitations(tx, manager.workspace_id, now)}
    if invitation not in open_invitations:
        raise NotFound
    _check_may_withdraw(manager, open_invitations[invitation])
    if not await magic_links_store.delete_invitation(tx, manager.workspace_id, invitation):
        raise NotFound
    return open_invitations[invitation]


def _check_may_withdraw(manager: Member, invitation: Invitation) -> None:
    if not may_manage(manager.role, Role(invitation.role)):
        raise Forbidden(OWNERS_ONLY)
