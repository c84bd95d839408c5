"""Loads the simulated tickets: adds their agents as members and performs every action in order of time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import merge
from random import Random

from voxpop.accounts import members
from voxpop.accounts.models import Account, Role
from voxpop.db.pool import Tx
from voxpop.demo.tickets.actions import perform
from voxpop.demo.tickets.agents import AGENTS, AgentMember
from voxpop.demo.tickets.arrivals import DAYS, TICKETS, TicketSimulation
from voxpop.tickets.lists import service
from voxpop.tickets.lists.filters import TicketFilter
from voxpop.types import AccountId, Audit, WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace

USER = "demo"


async def has_tickets(tx: Tx, workspace: WorkspaceId) -> bool:
    return bool(await service.count_tickets(tx, workspace, TicketFilter()))


async def load_tickets(
    tx: Tx, workspace: Workspace, rng: Random, now: datetime, scale: float, progress: Callable[[float], None]
) -> None:
    """Loads ninety days of tickets. `progress` gets the finished share of them."""
    agents = await _add_agents(tx, workspace, Audit(now - timedelta(days=DAYS), USER))
    tickets = TicketSimulation(rng, workspace, now, agents).tickets(round(TICKETS * scale))
    timelines = [[(action, ticket) for action in ticket.actions] for ticket in tickets]
    total = sum(map(len, timelines))
    for number, (action, ticket) in enumerate(merge(*timelines, key=lambda step: step[0].at), 1):
        await perform(tx, workspace, ticket, action)
        progress(number / total)


async def _add_agents(tx: Tx, workspace: Workspace, audit: Audit) -> list[AgentMember]:
    """The agents have no password, and no email reaches their addresses, so no one can sign in as one of them."""
    return [
        AgentMember(
            agent,
            await members.add_member(
                tx, workspace.id, Account(AccountId(uuid7()), agent.name, agent.email, None), Role.AGENT, audit
            ),
        )
        for agent in AGENTS
    ]
