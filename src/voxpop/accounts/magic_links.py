"""Magic links: created, looked up and used once. Sign-in and invitations decide what a link gives."""

from datetime import datetime, timedelta

from voxpop.accounts import magic_links_store as store
from voxpop.accounts.errors import LinkSpent
from voxpop.accounts.magic_links_store import MagicLinkValues
from voxpop.accounts.models import LinkKind, MagicLink, NewMagicLink
from voxpop.auth.tokens import hash_secret, new_token, parse_token
from voxpop.db.pool import Tx
from voxpop.email_addresses import normalize_email
from voxpop.types import Audit, WorkspaceId, uuid7

TTL = {
    LinkKind.MEMBER: timedelta(hours=1),
    LinkKind.CUSTOMER: timedelta(hours=1),
    LinkKind.INVITATION: timedelta(days=7),
    LinkKind.OWNER: timedelta(days=7),
}
PATHS = {
    LinkKind.MEMBER: "/login/link",
    LinkKind.CUSTOMER: "/tickets/login/link",
    LinkKind.INVITATION: "/login/invitation",
    LinkKind.OWNER: "/login/owner",
}


async def create_link(tx: Tx, workspace: WorkspaceId, new: NewMagicLink, audit: Audit) -> str:
    """The new link's path with its token. The token is in the query, because that part is never logged."""
    token = new_token(uuid7())
    values = MagicLinkValues(
        id=token.id,
        secret_hash=hash_secret(token.secret),
        kind=new.kind,
        account_id=new.account_id,
        email=new.email,
        email_folded=None if new.email is None else normalize_email(new.email),
        name=new.name,
        role=new.role,
        next_path=new.next_path,
        email_only=new.email_only,
        create_time=audit.at,
        create_user=audit.by,
        expires_at=audit.at + TTL[new.kind],
    )
    await store.insert_link(tx, workspace, values)
    return f"{PATHS[new.kind]}?token={token}"


async def get_link(tx: Tx, workspace: WorkspaceId, kind: LinkKind, token: str, now: datetime) -> MagicLink:
    """The link of a token, without using it up. An unknown, used or expired link is the same LinkSpent."""
    key = parse_token(token)
    link = await store.find_link(tx, workspace, key.id, kind, now) if key else None
    if key is None or link is None or not key.matches(link.secret_hash):
        raise LinkSpent
    return link


async def use_link(tx: Tx, workspace: WorkspaceId, kind: LinkKind, token: str, now: datetime) -> MagicLink:
    """Uses up the link of a token. Of two concurrent callers one gets the link, the other LinkSpent."""
    link = await get_link(tx, workspace, kind, token, now)
    if not await store.set_link_used(tx, workspace, link.id, now):
        raise LinkSpent
    return link
