"""Publishable keys and the settings of the widget."""

from datetime import datetime

from msgspec import Struct

from voxpop.types import KeyId, WorkspaceId


class ActivePublishableKey(Struct, frozen=True):
    """A publishable key that is not revoked, with what its workspace says about signatures of users."""

    id: KeyId
    workspace_id: WorkspaceId
    secret: str
    origins: list[str]
    signature_required: bool
    widget_secrets: list[str]


class PublishableKeyRow(Struct, frozen=True):
    """A publishable key in the list of keys. `seen_at`, `seen_origin`: the last successful call, to the minute."""

    id: KeyId
    name: str
    secret: str
    origins: list[str]
    create_time: datetime
    seen_at: datetime | None
    seen_origin: str | None

    @property
    def text(self) -> str:
        """The key as pages send it. It is public, so it can be shown at any time."""
        return f"pk_{self.id.hex}_{self.secret}"

    @property
    def seen_on(self) -> str:
        """The host, and the port if there is one, of the last call."""
        return (self.seen_origin or "").partition("//")[2]


class WidgetSettings(Struct, frozen=True):
    """Whether users need a signature, and the secrets that sign them. `secret_at`: since when the current one exists.

    The previous secret is valid until it is retired, so that servers can change to the current one.
    """

    signature_required: bool
    secret: str | None
    secret_at: datetime | None
    previous_secret: str | None
