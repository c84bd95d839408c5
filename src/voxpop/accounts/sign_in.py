"""Signing in: members by password or emailed link, customers by emailed link, the first owner by a printed link."""

from datetime import datetime

from msgspec import Struct

from voxpop import mail, outbox
from voxpop.accounts import magic_links_store, passwords, sessions_store, store
from voxpop.accounts.magic_links import create_link, use_link
from voxpop.accounts.models import Account, LinkKind, NewMagicLink, Role
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.errors import Conflict, FieldError
from voxpop.hosts import DEFAULT_LABEL, workspace_url
from voxpop.i18n import N_, translate
from voxpop.types import SYSTEM_USER, AccountId, Audit, WorkspaceId, uuid7
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import Workspace, WorkspaceChange

ACCOUNT_EXISTS = N_("An account with this address already exists. Use another address.")
SUBJECT = N_("Sign in to {workspace}")
TEXT = N_("""Open this link to sign in to {workspace}:

{link}

The link works once and expires in 1 hour. If you did not request it, ignore this email.
""")
CUSTOMER_SUBJECT = N_("Your tickets at {workspace}")
CUSTOMER_TEXT = N_("""Open this link to see your tickets at {workspace}:

{link}

The link works once and expires in 1 hour. If you did not request it, ignore this email.
""")
USER = "sign-in"


class LinkRequest(Struct, frozen=True):
    """A request for a sign-in link by email: the address, the page to go to afterwards, the language of the browser."""

    email: str
    next_path: str | None
    locale: str


class FirstOwner(Struct, frozen=True):
    """The person who claims a workspace as its first owner, with the token of the owner link."""

    token: str
    email: str
    name: str
    password_hash: str | None
    workspace_name: str | None = None


async def verify_password(
    database: Database, workspace: WorkspaceId, email: str, password: str, now: datetime
) -> AccountId | None:
    """The account of the member with this password, else None. Takes as long for an unknown address.

    No transaction is open while a password is hashed, because hashing is slow and connections are few.
    """
    async with database.transaction(workspace) as tx:
        account = await store.find_account_by_email(tx, workspace, email)
    verdict = await passwords.verify(account.password_hash if account else None, password)
    if account is None or not verdict.right:
        return None
    if verdict.outdated:
        renewed = await passwords.hash_password(password)
        async with database.transaction(workspace) as tx:
            if await store.find_account_by_email(tx, workspace, email) == account:  # unchanged meanwhile
                await store.set_password(tx, workspace, account.account_id, renewed, now)
    return account.account_id


async def email_member_link(
    tx: Tx, workspace: Workspace, request: LinkRequest, now: datetime, settings: Settings
) -> None:
    """Emails a sign-in link if the address is a member's, in their language. The caller cannot tell whether it is."""
    if account := await store.find_account_by_email(tx, workspace.id, request.email):
        new = NewMagicLink(
            LinkKind.MEMBER,
            account_id=account.account_id,
            next_path=request.next_path,
            email_only=settings.sends_email,
        )
        path = await create_link(tx, workspace.id, new, Audit(now, USER))
        link = workspace_url(settings.public_url, workspace.slug) + path
        locale = await store.find_language(tx, workspace.id, account.account_id) or request.locale
        subject = translate(locale, SUBJECT, workspace=workspace.name)
        text = translate(locale, TEXT, workspace=workspace.name, link=link)
        message = mail.compose(workspace.name, account.email, subject, text, now)
        await outbox.record(tx, workspace.id, [message], now)


async def email_customer_link(
    tx: Tx, workspace: Workspace, request: LinkRequest, now: datetime, public_url: str
) -> None:
    """Emails a sign-in link to any address. A customer without tickets finds an empty list."""
    new = NewMagicLink(LinkKind.CUSTOMER, email=request.email, next_path=request.next_path)
    link = workspace_url(public_url, workspace.slug) + await create_link(tx, workspace.id, new, Audit(now, USER))
    subject = translate(request.locale, CUSTOMER_SUBJECT, workspace=workspace.name)
    text = translate(request.locale, CUSTOMER_TEXT, workspace=workspace.name, link=link)
    message = mail.compose(workspace.name, request.email, subject, text, now)
    await outbox.record(tx, workspace.id, [message], now)


async def claim_workspace(tx: Tx, workspace: WorkspaceId, owner: FirstOwner, now: datetime) -> AccountId:
    """Makes the bearer of an owner link an owner with a new account. LinkSpent as usual, Conflict if it exists.

    Names the workspace; WorkspaceAlreadyExists if another one has the name.

    The address is not verified, so an existing account must not be given to the bearer.
    """
    await use_link(tx, workspace, LinkKind.OWNER, owner.token, now)
    new = Account(AccountId(uuid7()), owner.name, owner.email, owner.password_hash)
    account = await store.insert_member(tx, workspace, new, Role.OWNER, Audit(now, f"member:{owner.email}"))
    if account != new.account_id:
        raise Conflict(ACCOUNT_EXISTS, details=[FieldError("email", ACCOUNT_EXISTS)])
    if owner.workspace_name:
        change = WorkspaceChange(name=owner.workspace_name)
        await workspaces.change_workspace(tx, workspace, change, now, f"member:{owner.email}")
    return account


async def mark_email_verified(tx: Tx, workspace: WorkspaceId, account: AccountId, now: datetime) -> None:
    """Records that the member used a link from an email to their address."""
    await store.set_email_verified(tx, workspace, account, now)


async def create_owner_link(tx: Tx, workspace: Workspace, public_url: str, now: datetime) -> str:
    """A link that makes its bearer an owner, once, within 7 days. Only the operator may see it."""
    path = await create_link(tx, workspace.id, NewMagicLink(LinkKind.OWNER), Audit(now, SYSTEM_USER))
    return workspace_url(public_url, workspace.slug) + path


async def create_first_owner_link(database: Database, public_url: str, now: datetime) -> str | None:
    """A link for the first owner of the default workspace; None if it has an owner or an open link."""
    async with database.system_transaction() as tx:
        workspace = (await sessions_store.find_workspaces(tx, [DEFAULT_LABEL])).get(DEFAULT_LABEL)
    if workspace is None:
        return None
    async with database.transaction(workspace.id) as tx:
        owners = await store.lock_owners(tx, workspace.id)
        if owners or await magic_links_store.list_owner_links(tx, workspace.id, now):
            return None
        return await create_owner_link(tx, workspace, public_url, now)
