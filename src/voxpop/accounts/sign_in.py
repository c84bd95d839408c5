"""Signing in: members by password or mailed link, customers by mailed link, the first owner by a printed one."""

from datetime import datetime

from msgspec import Struct

from voxpop import mail, outbox
from voxpop.accounts import passwords, sessions_store, store
from voxpop.accounts.magic_links import make_link, use_link
from voxpop.accounts.members import WEAK_PASSWORD
from voxpop.accounts.models import LinkKind, Login, NewLink, Role
from voxpop.accounts.passwords import is_weak
from voxpop.db.pool import Database, Tx
from voxpop.errors import Conflict, FieldError, Invalid
from voxpop.hosts import DEFAULT, address_of
from voxpop.i18n import N_, translate
from voxpop.types import AccountId, uuid7
from voxpop.workspaces.models import Workspace

ACCOUNT_EXISTS = N_("There is an account with this address already. Use another address.")
SUBJECT = N_("Sign in to {workspace}")
TEXT = N_("""Open this link to sign in to {workspace}:

{link}

It works once, within an hour. If you did not ask for it, do nothing: nobody is signed in.
""")
CUSTOMER_SUBJECT = N_("Your tickets at {workspace}")
CUSTOMER_TEXT = N_("""Open this link to see your tickets at {workspace}:

{link}

It works once, within an hour. If you did not ask for it, do nothing.
""")
USER = "sign-in"


class FirstOwner(Struct, frozen=True):
    """Who takes a workspace over as its first owner."""

    email: str
    name: str
    password: str


async def by_password(
    database: Database, workspace: Workspace, email: str, password: str, now: datetime
) -> Login | None:
    """The member whose password it is; None takes as long, whether there is such an address or not."""
    async with database.transaction(workspace.id) as tx:
        login = await store.find_login(tx, workspace.id, email)
    verdict = await passwords.verify(login.password_hash if login else None, password)
    if login is None or not verdict.right:
        return None
    if verdict.outdated:
        renewed = await passwords.hash_password(password)
        async with database.transaction(workspace.id) as tx:
            if await store.find_login(tx, workspace.id, email) == login:  # not changed meanwhile
                await store.set_password(tx, workspace.id, login.account_id, renewed, now)
    return login


async def mail_member_link(
    tx: Tx, workspace: Workspace, email: str, next_path: str | None, locale: str, now: datetime, public_url: str
) -> None:
    """To a member; to nobody else, and the caller can't tell."""
    if login := await store.find_login(tx, workspace.id, email):
        link = NewLink(LinkKind.MEMBER, account_id=login.account_id, next_path=next_path)
        address = address_of(public_url, workspace.slug) + await make_link(tx, workspace.id, link, now, USER)
        subject = translate(locale, SUBJECT, workspace=workspace.name)
        text = translate(locale, TEXT, workspace=workspace.name, link=address)
        await outbox.record(tx, workspace.id, [mail.compose(workspace.name, login.email, subject, text, now)], now)


async def mail_customer_link(
    tx: Tx, workspace: Workspace, email: str, next_path: str | None, locale: str, now: datetime, public_url: str
) -> None:
    """To every address alike: who has no ticket yet finds an empty list, where he can open one."""
    link = NewLink(LinkKind.CUSTOMER, email=email, next_path=next_path)
    address = address_of(public_url, workspace.slug) + await make_link(tx, workspace.id, link, now, USER)
    subject = translate(locale, CUSTOMER_SUBJECT, workspace=workspace.name)
    text = translate(locale, CUSTOMER_TEXT, workspace=workspace.name, link=address)
    await outbox.record(tx, workspace.id, [mail.compose(workspace.name, email, subject, text, now)], now)


async def claim_workspace(
    database: Database, workspace: Workspace, token: str, founder: FirstOwner, now: datetime
) -> AccountId:
    """Makes the bearer of the owner's link the workspace's owner, with a new account."""
    if founder.password and is_weak(founder.password, founder.email):
        raise Invalid(WEAK_PASSWORD, details=[FieldError("password", WEAK_PASSWORD)])
    hashed = await passwords.hash_password(founder.password) if founder.password else None
    wanted = AccountId(uuid7())
    person = Login(wanted, founder.name.strip(), founder.email, hashed)
    async with database.transaction(workspace.id) as tx:
        await use_link(tx, workspace.id, LinkKind.OWNER, token, now)
        account = await store.insert_member(tx, workspace.id, person, Role.OWNER, now, f"member:{founder.email}")
        # The address is not proven: whose account it is must not be opened by writing his address here.
        if account != wanted:
            raise Conflict(ACCOUNT_EXISTS, details=[FieldError("email", ACCOUNT_EXISTS)])
    return account


async def mark_email_verified(tx: Tx, workspace: Workspace, account: AccountId, now: datetime) -> None:
    """He has answered a mail to his account's address."""
    await store.set_proven(tx, workspace.id, account, now)


async def owner_link(tx: Tx, workspace: Workspace, public_url: str, now: datetime) -> str:
    """A link that makes its bearer an owner, once, within seven days; for the operator's eyes only."""
    path = await make_link(tx, workspace.id, NewLink(LinkKind.OWNER), now, "system")
    return address_of(public_url, workspace.slug) + path


async def first_owner_link(database: Database, public_url: str, now: datetime) -> str | None:
    """For the default workspace while it has no owner; None where it has one, or a link that still waits for him."""
    async with database.transaction(None) as tx:
        workspace = (await sessions_store.find_workspaces(tx, [DEFAULT])).get(DEFAULT)
    if workspace is None:
        return None
    async with database.transaction(workspace.id) as tx:
        if await store.lock_owners(tx, workspace.id) or await store.list_owner_links(tx, workspace.id, now):
            return None
        return await owner_link(tx, workspace, public_url, now)
