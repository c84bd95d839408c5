"""People as the rest of the product sees them: members with a role, customers, and what lets them in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.types import AccountId, Actor, Scope, WorkspaceId, folded


class Role(StrEnum):
    """A member's place; each may do what those after it may."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"

    def covers(self, other: "Role") -> bool:
        """Whether who has this role may do what the other is for."""
        return ROLES.index(self) <= ROLES.index(other)


ROLES = list(Role)


class Member(Struct, frozen=True):
    """A signed-in member of the workspace that the page belongs to."""

    account_id: AccountId
    name: str
    email: str
    role: Role
    workspace_id: WorkspaceId
    session_id: UUID

    def may(self, role: Role) -> bool:
        """Whether he may do what is for that role."""
        return self.role.covers(role)

    def actor(self) -> Actor:
        """For audit columns, and for reading what a key with the scope `read` reads."""
        return Actor(self.workspace_id, f"member:{self.email}", frozenset({Scope.READ}))


class Customer(Struct, frozen=True):
    """A customer in the portal. A guest's address is not proven: he has a `ticket_id`, and sees that ticket only."""

    email: str
    name: str | None
    ticket_id: UUID | None
    workspace_id: WorkspaceId
    session_id: UUID

    @property
    def email_folded(self) -> str:
        return folded(self.email)

    def actor(self) -> Actor:
        return Actor(self.workspace_id, f"customer:{self.email}", frozenset())


class SessionKind(StrEnum):
    MEMBER = "member"
    CUSTOMER = "customer"
    GUEST = "guest"


class KnownSession(Struct, frozen=True):
    """A session that is neither over nor idle for too long, as the look-up finds it."""

    id: UUID
    workspace_id: WorkspaceId
    secret_hash: bytes
    kind: str
    account_id: AccountId | None
    email: str
    name: str | None
    ticket_id: UUID | None
    role: str | None

    def member(self) -> Member | None:
        """None for a session of another kind."""
        if self.account_id is None or self.role is None:
            return None
        name = self.name or self.email
        return Member(self.account_id, name, self.email, Role(self.role), self.workspace_id, self.id)

    def customer(self) -> Customer | None:
        """None for a member's session."""
        if self.kind == SessionKind.MEMBER:
            return None
        return Customer(self.email, self.name, self.ticket_id, self.workspace_id, self.id)


class NewSession(Struct, frozen=True):
    """Who is let in: a member by his account, others by their address."""

    kind: SessionKind
    account_id: AccountId | None = None
    email: str | None = None
    name: str | None = None
    ticket_id: UUID | None = None
    user_agent: str | None = None
    address: str | None = None


# What a User-Agent says, in the order to look: later ones also claim to be the earlier.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {each: each for each in ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")}


class SessionRow(Struct, frozen=True):
    """A member's session as he sees it in a list."""

    id: UUID
    user_agent: str | None
    address: str | None
    create_time: datetime
    last_seen_at: datetime

    @property
    def device(self) -> str:
        """`Firefox, Windows`; what the browser sent where that tells nothing."""
        sent = self.user_agent or ""
        known = [next((name for mark, name in names.items() if mark in sent), "") for names in (BROWSERS, SYSTEMS)]
        return ", ".join(filter(None, known)) or sent


class MemberRow(Struct, frozen=True):
    """A member as a list shows him."""

    account_id: AccountId
    name: str
    email: str
    role: str
    create_time: datetime


class Login(Struct, frozen=True):
    """What is needed to let a member in."""

    account_id: AccountId
    name: str
    email: str
    password_hash: str | None


class LinkKind(StrEnum):
    MEMBER = "member"
    CUSTOMER = "customer"
    INVITATION = "invitation"
    OWNER = "owner"


class NewLink(Struct, frozen=True):
    """What a link opens once: a session for an account or an address, or a place in the workspace."""

    kind: LinkKind
    account_id: AccountId | None = None
    email: str | None = None
    name: str | None = None
    role: Role | None = None
    next_path: str | None = None


class Link(Struct, frozen=True):
    """A mailed link that can still be used."""

    id: UUID
    secret_hash: bytes
    kind: str
    account_id: AccountId | None
    email: str | None
    name: str | None
    role: str | None
    next_path: str | None


class Invitation(Struct, frozen=True):
    """An invitation that nobody has taken up yet."""

    id: UUID
    email: str
    name: str | None
    role: str
    create_time: datetime
    create_user: str
    expires_at: datetime
