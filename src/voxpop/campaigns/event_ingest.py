"""Events in, surveys asked: the one way for events over HTTP, from Kafka and from within."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from voxpop.campaigns import store
from voxpop.campaigns.models import Asked, ContextType, DeadLetter, Event, Trigger
from voxpop.db.pool import Tx
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage, SurveyIncrement
from voxpop.surveys.models import campaign_series, with_workspace
from voxpop.types import SurveyId, WorkspaceId
from voxpop.workspaces import service as workspaces

LONGEST = 255  # characters
TRIGGERS = {kind.value: kind for kind in Trigger}
CONTEXTS = {kind.value: kind for kind in ContextType}


class InvalidEvent(Exception):
    """The message is no event; the text says why."""


class EventOutcome(StrEnum):
    """What became of an event."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    INVALID = "invalid"


class Outcome(NamedTuple):
    fate: EventOutcome
    surveys: list[SurveyId]
    message: str | None = None


def read_event(message: bytes, arrived: datetime) -> Event | None:
    """The event of a JSON message; None for one of a type that no campaign knows; Unusable for anything else."""
    try:
        return event_of(msgspec.json.decode(message), arrived)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidEvent("nested too deeply") from error


def event_of(sent: object, arrived: datetime) -> Event | None:
    """The same of a decoded message. Fields that are not used are passed over."""
    if not isinstance(sent, dict):
        raise InvalidEvent("not a JSON object")
    if (kind := TRIGGERS.get(_text(sent, "event_type"))) is None:
        return None
    if (context := CONTEXTS.get(_text(sent, "context_type"))) is None:
        raise InvalidEvent("context_type must be ORDER or TICKET")
    date = _moment(sent.get("timestamp"), arrived).date()
    return Event(kind, _text(sent, "guid"), context, _text(sent, "context_id"), date)


async def ingest(tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime) -> list[Outcome]:
    """Opens one survey for each running campaign of an event's type, unless there is one for its context (F20-F29)."""
    outcomes, moved = await ask(tx, workspace, events, now)
    await metrics.add_counts(tx, workspace, surveys=moved)
    return outcomes


async def ask(
    tx: Tx, workspace: WorkspaceId, events: Sequence[Event], now: datetime
) -> tuple[list[Outcome], list[SurveyIncrement]]:
    """The same for a conductor that has counts of its own: what came of it is to be added with them."""
    if not events:
        return [], []
    asked = await store.insert_asked(tx, workspace, events, now)
    moved: list[SurveyIncrement] = []
    if opened := Counter(one.campaign_id for one in asked if one.survey_id is not None):
        day = (await workspaces.get_workspace(tx, workspace)).day(now)
        moved = [
            SurveyIncrement(Stage.OPENED, day, with_workspace(workspace, campaign_series(one)), count)
            for one, count in opened.items()
        ]
    return _outcomes(len(events), asked), moved


async def store_dead_letters(tx: Tx, workspace: WorkspaceId, dead: Sequence[DeadLetter], now: datetime) -> None:
    """Keeps messages that can't be used, each once by its place in the topic."""
    if dead:
        await store.insert_dead_letters(tx, workspace, dead, now)


def _outcomes(size: int, asked: Sequence[Asked]) -> list[Outcome]:
    surveys: list[list[SurveyId]] = [[] for _ in range(size)]
    matched = [False] * size
    for one in asked:
        matched[one.place] = True
        if one.survey_id is not None:
            surveys[one.place].append(one.survey_id)
    return [_outcome(mine, some) for mine, some in zip(surveys, matched, strict=True)]


def _outcome(surveys: list[SurveyId], matched: bool) -> Outcome:
    if surveys:
        return Outcome(EventOutcome.CREATED, surveys)
    if matched:
        return Outcome(EventOutcome.DUPLICATE, [], "This context has been asked about already")
    return Outcome(EventOutcome.IGNORED, [], "No running campaign waits for this event")


def _text(sent: dict[str, object], field: str) -> str:
    value = sent.get(field)
    if not isinstance(value, str) or not value.strip():
        raise InvalidEvent(f"{field} is missing" if value is None else f"{field} must be a text that is not blank")
    if len(value) > LONGEST:
        raise InvalidEvent(f"{field} is longer than {LONGEST} characters")
    if "\x00" in value:
        raise InvalidEvent(f"{field} has a NUL character")
    return value


def _moment(value: object, arrived: datetime) -> datetime:
    """The event's own time in UTC; the moment of arrival where it has none."""
    if value is None:
        return arrived.astimezone(UTC)
    try:
        if not isinstance(value, str):
            raise ValueError
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidEvent("timestamp must be an instant like 2024-01-15T14:30:00Z") from None
