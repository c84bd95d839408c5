"""Addresses that get no more emails about surveys of a workspace. A signed link in each email leads here."""

from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.surveys.mailing import store
from voxpop.surveys.mailing.store import EmailState
from voxpop.types import SurveyId, WorkspaceId


async def get_email(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> EmailState:
    """The address that a survey is sent to; NotFound if it has none."""
    state = await store.find_state(tx, workspace, survey)
    if state is None:
        raise NotFound
    return state


async def unsubscribe(tx: Tx, workspace: WorkspaceId, survey: SurveyId, now: datetime) -> None:
    """The address of this survey gets no more emails about any survey of the workspace."""
    await store.insert_unsubscribed(tx, workspace, (await get_email(tx, workspace, survey)).email_folded, now)


async def subscribe_again(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> None:
    """Takes an unsubscription back."""
    await store.delete_unsubscribed(tx, workspace, (await get_email(tx, workspace, survey)).email_folded)
