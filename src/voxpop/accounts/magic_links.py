"""Mailed links: made, looked at, used up once. What they open is told by sign-in and invitations."""

from datetime import datetime, timedelta

from voxpop.accounts import store
from voxpop.accounts.errors import LinkSpent
from voxpop.accounts.models import Link, LinkKind, NewLink
from voxpop.auth.tokens import hash_secret, new_token, parse_token
from voxpop.db.pool import Tx
from voxpop.types import WorkspaceId, uuid7

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


async def make_link(tx: Tx, workspace: WorkspaceId, link: NewLink, now: datetime, user: str) -> str:
    """Its path with the token, which is in the query: that part of an address is never logged."""
    key = new_token(uuid7())
    times = (now, now + TTL[link.kind])
    await store.insert_link(tx, workspace, (key.id, hash_secret(key.secret)), link, times, user)
    return f"{PATHS[link.kind]}?token={key}"


async def look_at_link(tx: Tx, workspace: WorkspaceId, kind: LinkKind, token: str, now: datetime) -> Link:
    """What it opens, without using it; LinkSpent for one that is unknown, used or too old, all alike."""
    key = parse_token(token)
    link = await store.find_link(tx, workspace, key.id, kind, now) if key else None
    if key is None or link is None or not key.matches(link.secret_hash):
        raise LinkSpent
    return link


async def use_link(tx: Tx, workspace: WorkspaceId, kind: LinkKind, token: str, now: datetime) -> Link:
    """What it opens, this once; of two at the same time one gets it, the other LinkSpent."""
    link = await look_at_link(tx, workspace, kind, token, now)
    if not await store.take_link(tx, workspace, link.id, now):
        raise LinkSpent
    return link
