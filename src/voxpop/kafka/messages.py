"""Messages in and out, as the worker sees them. Does not import the client, which a process without a broker spares."""

from typing import NamedTuple

WORKSPACE_HEADER = "voxpop-workspace"  # a header of messages in and out; its value is the name of a workspace


class Record(NamedTuple):
    """A received message, and the workspace that its header names."""

    topic: str
    partition: int
    offset: int
    value: bytes
    workspace: str | None


class OutgoingMessage(NamedTuple):
    """A message to send; messages with one key keep their order."""

    topic: str
    key: str
    value: str
    headers: dict[str, str]
