"""Find: tickets, campaigns, features, people, pages and actions by a few letters of their names. Changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from msgspec import Struct

from voxpop.accounts.models import Member, Role
from voxpop.dashboards import find_store as store
from voxpop.dashboards.find_store import NamedRow
from voxpop.db.pool import Tx
from voxpop.email_addresses import normalize_email
from voxpop.i18n import LOCALES, N_, name_key, translate
from voxpop.tickets.lists import service as tickets
from voxpop.types import WorkspaceId

MIN_LETTERS, MAX_LETTERS, GROUP_SIZE = 2, 200, 5
SERIES_PAGES = {"campaign": "/campaigns", "product": "/features/products", "feature": "/features"}
Item = TypeVar("Item")


class Destination(Struct, frozen=True):
    """A page, or a page on which something is done, for members of at least a role."""

    label: str
    href: str
    role: Role = Role.AGENT


PAGES = (
    Destination(N_("Overview"), "/overview"),
    Destination(N_("Inbox"), "/inbox"),
    Destination(N_("Feedback"), "/feedback"),
    Destination(N_("Campaigns"), "/campaigns"),
    Destination(N_("Survey types"), "/survey-types"),
    Destination(N_("Features"), "/features"),
    Destination(N_("Low ratings"), "/low-ratings"),
    Destination(N_("Agents"), "/agents"),
    Destination(N_("Settings"), "/settings"),
    Destination(N_("Members"), "/settings", Role.ADMIN),
    Destination(N_("API keys"), "/settings/keys", Role.ADMIN),
    Destination(N_("Workspace"), "/settings/workspace", Role.ADMIN),
    Destination(N_("Badges"), "/settings/badges", Role.ADMIN),
    Destination(N_("Outgoing email"), "/settings/mail", Role.OWNER),
    Destination(N_("Profile"), "/settings/profile"),
    Destination(N_("Sessions"), "/settings/sessions"),
    Destination(N_("API reference"), "/reference"),
)
ACTIONS = (
    Destination(N_("New ticket"), "/inbox/new"),
    Destination(N_("New campaign"), "/campaigns/new", Role.ADMIN),
    Destination(N_("New product"), "/features/products/new", Role.ADMIN),
    Destination(N_("New survey type"), "/survey-types/new", Role.ADMIN),
    Destination(N_("Invite someone"), "/settings", Role.ADMIN),
    Destination(N_("Create API key"), "/settings/keys", Role.ADMIN),
    Destination(N_("Change password"), "/settings/profile"),
)


class Found(Struct, frozen=True):
    """Something that was found, with what tells it from others of the same name."""

    name: str
    href: str
    detail: str = ""


class FoundGroup(Struct, frozen=True):
    """Up to five things of one kind."""

    title: str
    found: list[Found]

    @property
    def size(self) -> int:
        return len(self.found)


async def find(tx: Tx, member: Member, text: str, locale: str) -> list[FoundGroup]:
    """The groups that have something. A text of less than two letters finds the first pages and actions."""
    text = " ".join(text.split())[:MAX_LETTERS]
    groups: list[FoundGroup] = []
    if len(text) >= MIN_LETTERS:
        names = await store.list_names(tx, member.workspace_id)
        groups = [
            FoundGroup(N_("Tickets"), await _find_tickets(tx, member.workspace_id, text)),
            FoundGroup(N_("Campaigns"), [_page_of(row) for row in _named(names, text, "campaign")]),
            FoundGroup(N_("Features"), [_page_of(row) for row in _named(names, text, "product", "feature")]),
            FoundGroup(N_("People"), await _find_people(tx, member.workspace_id, names, text)),
        ]
    groups.append(FoundGroup(N_("Pages"), _destinations(PAGES, member, text, locale)))
    groups.append(FoundGroup(N_("Actions"), _destinations(ACTIONS, member, text, locale)))
    return [group for group in groups if group.found]


def best_matches(items: Iterable[Item], text: str, words_of: Callable[[Item], Sequence[str]]) -> list[Item]:
    """The items one of whose texts contains the text, in any case: those first of which one begins with it."""
    wanted = name_key(text)
    ranked = [(rank, item) for item in items if (rank := _rank(words_of(item), wanted)) is not None]
    return [item for _, item in sorted(ranked, key=lambda each: each[0])][:GROUP_SIZE]


def _rank(texts: Sequence[str], wanted: str) -> int | None:
    keys = [name_key(text) for text in texts]
    if any(key.startswith(wanted) for key in keys):
        return 0
    if any(f" {wanted}" in key for key in keys):
        return 1
    return 2 if any(wanted in key for key in keys) else None


async def _find_tickets(tx: Tx, workspace: WorkspaceId, text: str) -> list[Found]:
    rows = await tickets.find_tickets(tx, workspace, text, GROUP_SIZE)
    return [Found(row.subject, f"/inbox/{row.ref}", f"{row.ref} · {row.requester_name}") for row in rows]


async def _find_people(tx: Tx, workspace: WorkspaceId, names: Iterable[NamedRow], text: str) -> list[Found]:
    """Members, then customers whose address begins with the text."""
    members = [
        Found(row.name, f"/inbox?{urlencode({'status': '', 'assignee': row.id})}", row.detail)
        for row in _named(names, text, "member")
    ]
    customers = await store.list_customers(tx, workspace, normalize_email(text), GROUP_SIZE)
    found = [Found(email, f"/inbox?{urlencode({'status': '', 'requester': email})}") for email in customers]
    return [*members, *found][:GROUP_SIZE]


def _named(names: Iterable[NamedRow], text: str, *kinds: str) -> list[NamedRow]:
    rows = sorted((row for row in names if row.kind in kinds), key=lambda row: (name_key(row.name), row.id))
    return best_matches(rows, text, lambda row: [row.name, row.detail] if row.kind == "member" else [row.name])


def _page_of(row: NamedRow) -> Found:
    return Found(row.name, f"{SERIES_PAGES[row.kind]}/{row.id}", row.detail)


def _destinations(known: Iterable[Destination], member: Member, text: str, locale: str) -> list[Found]:
    """Their names are compared in every language."""
    allowed = [each for each in known if member.may(each.role)]
    matching = best_matches(allowed, text, lambda each: [translate(one, each.label) for one in LOCALES])
    return [Found(translate(locale, each.label), each.href) for each in matching]
