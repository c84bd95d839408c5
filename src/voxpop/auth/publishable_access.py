"""Authentication of pages: publishable keys, the origins that they list, and limits of requests."""

import time
from contextlib import suppress
from functools import partial
from uuid import UUID

from msgspec import Struct

from voxpop.auth.errors import OriginNotAllowed
from voxpop.auth.minute_limits import MinuteLimit
from voxpop.auth.remembered import Remembered
from voxpop.auth.tokens import parse_publishable_key
from voxpop.config.settings import Settings
from voxpop.db.batcher import Batcher
from voxpop.db.errors import UNAVAILABLE_ERRORS
from voxpop.db.pool import Database
from voxpop.errors import Unavailable
from voxpop.types import KeyId, WorkspaceId, utcnow
from voxpop.web.client_ip import client_network
from voxpop.web.credentials import Credentials
from voxpop.workspaces.widget import service
from voxpop.workspaces.widget.models import ActivePublishableKey

SEEN_INTERVAL, NEVER = 60.0, float("-inf")  # seconds


class WidgetCaller(Struct, frozen=True):
    """A page with a valid publishable key: its key, its origin and the address of its visitor."""

    key: ActivePublishableKey
    origin: str
    address: str

    @property
    def workspace(self) -> WorkspaceId:
        return self.key.workspace_id


class PublishableAccess:
    """Looks up publishable keys and origins. What is found is remembered like other identities."""

    def __init__(self, database: Database, settings: Settings) -> None:
        limit = settings.queue_limit
        self._keys: Batcher[UUID, ActivePublishableKey | None] = Batcher(
            "publishable-keys", database, service.look_up_publishable_keys, queue_limit=limit
        )
        self._origins: Batcher[str, bool] = Batcher("origins", database, service.look_up_origins, queue_limit=limit)
        self._active_keys = Remembered[ActivePublishableKey]()
        self._listed_origins = Remembered[bool]()
        self._key_limit = MinuteLimit(settings.widget_key_limit)
        self._address_limit = MinuteLimit(settings.widget_address_limit)
        self._seen: dict[KeyId, float] = {}
        self._database, self._notifier = database, database.notifier
        self._notifier.on_identity_change(self._forget)

    async def authenticate(self, credentials: Credentials) -> WidgetCaller | None:
        """None without a valid publishable key, OriginNotAllowed unless the page's origin is one of the key's."""
        authorization, origin = credentials.authorization or "", credentials.origin
        key = await self._active_keys.get(authorization, partial(self._look_up_key, authorization))
        if key is None:
            return None
        if origin is None or origin not in key.origins:
            raise OriginNotAllowed
        credentials.allowed_origin = origin
        return WidgetCaller(key, origin, client_network(credentials.address))

    def count(self, caller: WidgetCaller) -> None:
        """Counts a call for its address and its key. RateLimited beyond a limit.

        The address comes first: the calls refused to one address use up nothing of the key's limit.
        """
        self._address_limit.count(caller.address)
        self._key_limit.count(caller.key.id)

    async def note_seen(self, caller: WidgetCaller) -> None:
        """Stores the origin of a successful call, once a minute at most for each key and process."""
        key, now = caller.key, time.monotonic()
        if now - self._seen.get(key.id, NEVER) >= SEEN_INTERVAL:
            self._seen[key.id] = now
            with suppress(Unavailable, *UNAVAILABLE_ERRORS):  # the call itself has succeeded
                await service.note_seen(self._database, key, caller.origin, utcnow())

    async def is_listed(self, origin: str) -> bool:
        """Whether any active publishable key lists the origin."""
        return bool(await self._listed_origins.get(origin, partial(self._look_up_origin, origin)))

    async def _look_up_key(self, authorization: str) -> ActivePublishableKey | None:
        key = parse_publishable_key(authorization)
        if key is None:
            return None
        self._notifier.listen()
        known = await self._keys.submit(None, key.id)
        return known if known and key.matches(known.secret) else None

    async def _look_up_origin(self, origin: str) -> bool | None:
        self._notifier.listen()
        return await self._origins.submit(None, origin) or None

    def _forget(self) -> None:
        self._active_keys.forget()
        self._listed_origins.forget()
