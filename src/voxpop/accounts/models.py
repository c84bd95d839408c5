"""Identity models: accounts, members with their roles, customers, their sessions, and the magic links."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.email_addresses import normalize_email
from voxpop.types import AccountId, Actor, Scope, WorkspaceId


class Role(StrEnum):
    """A member's role. Each role includes the rights of those after it."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"

    def covers(self, other: "Role") -> bool:
        """Whether this role includes the rights of the other."""
        return ROLES.index(self) <= ROLES.index(other)


ROLES = list(Role)


class Member(Struct, frozen=True):
    """A signed-in member of the workspace whose page is requested.

    `language`: of their pages; None is that of the browser. `is_read_only`: a visitor of the demo, who changes nothing.
    """

    account_id: AccountId
    name: str
    email: str
    role: Role
    workspace_id: WorkspaceId
    session_id: UUID
    language: str | None = None
    is_read_only: bool = False

    def may(self, role: Role) -> bool:
        """Whether the member has the rights of that role."""
        return self.role.covers(role)

    def actor(self) -> Actor:
        """For audit columns, and for reading what an API key with the scope `read` may read."""
        scopes = frozenset({Scope.READ})
        return Actor(self.workspace_id, f"member:{self.email}", scopes, self.account_id, self.role)


class Customer(Struct, frozen=True):
    """A signed-in customer of the portal.

    A guest is a customer with a `ticket_id`: their email address is not verified, so they see that ticket only.
    """

    email: str
    name: str | None
    ticket_id: UUID | None
    workspace_id: WorkspaceId
    session_id: UUID

    @property
    def email_folded(self) -> str:
        return normalize_email(self.email)

    def actor(self) -> Actor:
        """For audit columns; a customer has no scope."""
        return Actor(self.workspace_id, f"customer:{self.email}", frozenset())


class SessionKind(StrEnum):
    """The kinds of sessions: members, customers with a verified address, and guests."""

    MEMBER = "member"
    CUSTOMER = "customer"
    GUEST = "guest"


class ActiveSession(Struct, frozen=True):
    """A session that has neither expired nor been idle for too long."""

    id: UUID
    workspace_id: WorkspaceId
    secret_hash: bytes
    kind: str
    account_id: AccountId | None
    email: str
    name: str | None
    ticket_id: UUID | None
    role: str | None
    language: str | None
    is_read_only: bool

    def member(self) -> Member | None:
        """None for a session of another kind."""
        if self.account_id is None or self.role is None:
            return None
        name = self.name or self.email
        return Member(
            self.account_id,
            name,
            self.email,
            Role(self.role),
            self.workspace_id,
            self.id,
            self.language,
            self.is_read_only,
        )

    def customer(self) -> Customer | None:
        """None for a member's session."""
        if self.kind == SessionKind.MEMBER:
            return None
        return Customer(self.email, self.name, self.ticket_id, self.workspace_id, self.id)


class NewSession(Struct, frozen=True):
    """The person to sign in: a member by account, anyone else by email address."""

    kind: SessionKind
    account_id: AccountId | None = None
    email: str | None = None
    name: str | None = None
    ticket_id: UUID | None = None


class ClientInfo(Struct, frozen=True):
    """The browser that a session is opened for, as the list of sessions shows it."""

    user_agent: str | None = None
    address: str | None = None


# Marks in a User-Agent, in the order to look: the later browsers also appear in the headers of the earlier ones.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {each: each for each in ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")}


class SessionRow(Struct, frozen=True):
    """A member's session in the list of their sessions."""

    id: UUID
    user_agent: str | None
    address: str | None
    create_time: datetime
    last_seen_at: datetime

    @property
    def device(self) -> str:
        """`Firefox, Windows`; the whole User-Agent if neither browser nor system is known."""
        sent = self.user_agent or ""
        known = [next((name for mark, name in names.items() if mark in sent), "") for names in (BROWSERS, SYSTEMS)]
        return ", ".join(filter(None, known)) or sent


class MemberRow(Struct, frozen=True):
    """A member in the list of members."""

    account_id: AccountId
    name: str
    email: str
    role: str
    create_time: datetime


class StartPage(StrEnum):
    """A page on which members can start."""

    OVERVIEW = "overview"
    INBOX = "inbox"


class Preferences(Struct, frozen=True):
    """How pages behave for a member. `next_after_resolving`: resolving a ticket goes on to the next one.

    Without a start page of their own, owners and admins start on the overview, and agents on the inbox.
    """

    next_after_resolving: bool
    start_page: StartPage | None = None


class Account(Struct, frozen=True):
    """An account: one person's login, in every workspace where they are a member."""

    account_id: AccountId
    name: str
    email: str
    password_hash: str | None


class LinkKind(StrEnum):
    """The purpose of a magic link."""

    MEMBER = "member"
    CUSTOMER = "customer"
    INVITATION = "invitation"
    OWNER = "owner"


class NewMagicLink(Struct, frozen=True):
    """The effect of a magic link: a session for an account or an address, or membership of the workspace.

    `email_only`: only an email carries the link, so its bearer receives email at the address.
    """

    kind: LinkKind
    account_id: AccountId | None = None
    email: str | None = None
    name: str | None = None
    role: Role | None = None
    next_path: str | None = None
    email_only: bool = False


class MagicLink(Struct, frozen=True):
    """A magic link that can still be used."""

    id: UUID
    secret_hash: bytes
    kind: str
    account_id: AccountId | None
    email: str | None
    name: str | None
    role: str | None
    next_path: str | None
    email_only: bool


class Invitation(Struct, frozen=True):
    """An invitation that has not been accepted yet."""

    id: UUID
    email: str
    name: str | None
    role: str
    create_time: datetime
    create_user: str
    expires_at: datetime
