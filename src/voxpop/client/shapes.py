"""The shape of a call: its request and the type of its result, as data that both clients send."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlencode

import httpx
import msgspec
from msgspec import Struct

from voxpop.client.errors import UnexpectedResponse

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """A page of a list. `next_cursor` leads to the next one."""

    data: list[T]
    next_cursor: str | None
    has_more: bool


class Call(Struct, Generic[T], frozen=True):
    """A request, and the type of its result."""

    method: str
    path: str
    result: type[T]
    query: Mapping[str, object] = {}
    body: object = None
    headers: Mapping[str, str | None] = {}
    repeatable: bool = False  # a POST that may be sent again without an Idempotency-Key

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does the same as sending it once."""
        return self.method != "POST" or self.repeatable or "Idempotency-Key" in self.headers

    def request(self, http: httpx.Client | httpx.AsyncClient, **options: Any) -> httpx.Request:
        """The request of httpx."""
        content = None if self.body is None else msgspec.json.encode(self.body)
        headers = {name: value for name, value in self.headers.items() if value is not None}
        if content is not None:
            headers["content-type"] = "application/json"
        url = f"{self.path}?{urlencode(list(query_parameters(self.query)))}".rstrip("?")
        return http.build_request(self.method, url, content=content, headers=headers, **options)

    def result_of(self, response: httpx.Response) -> T:
        """The result in a successful response."""
        if self.result is type(None):
            return None
        try:
            return msgspec.json.decode(response.content, type=self.result)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnexpectedResponse(response) from error


def next_page(call: Call[Page[T]], page: Page[T]) -> Call[Page[T]] | None:
    """The call of the page after this one; None after the last."""
    if not page.has_more or page.next_cursor is None:
        return None
    return msgspec.structs.replace(call, query={**call.query, "cursor": page.next_cursor})


def path(template: str, *values: object) -> str:
    """A path with these values as its segments. Refuses a value that would lead to another path."""
    segments = [quote(str(value), safe="") for value in values]
    if wrong := [segment for segment in segments if segment in ("", ".", "..")]:
        raise ValueError(f"{wrong[0]!r} cannot be a part of a path")
    return template.format(*segments)


def key_of_request(given: str | None) -> str:
    """The Idempotency-Key of a call: the caller's, or a new one, the same for all attempts."""
    return given or str(uuid.uuid4())


def query_parameters(query: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names and values; lists repeat the name, and None is left out. `from_` is `from`, a keyword in Python."""
    for name, given in query.items():
        for value in given if isinstance(given, list | tuple) else [given]:
            if value is not None:
                yield name.removesuffix("_"), _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


class EventReader(Generic[T]):
    """Reads server-sent events: lines of `field: value`, and an empty line after each event."""

    def __init__(self, event: type[T]) -> None:
        self._event, self._rest, self._fields = event, b"", dict[str, str]()

    def feed(self, chunk: bytes) -> Iterator[T]:
        """The events that end in this chunk."""
        *lines, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if line:
                self._add(line.decode())
            elif self._fields:
                event, self._fields = msgspec.convert(self._fields, self._event, strict=False), {}
                yield event

    def _add(self, line: str) -> None:
        """A field that is repeated has several lines; a line without a name is a comment."""
        name, _, value = line.partition(":")
        earlier = [self._fields[name]] if name in self._fields else []
        if name:
            self._fields[name] = "\n".join([*earlier, value.removeprefix(" ")])


def reader_of(call: Call[T]) -> Callable[[bytes], Iterable[T]]:
    """Reads the stream of a call: its bytes as they arrive, or server-sent events."""
    if call.result is bytes:
        return lambda chunk: cast("list[T]", [chunk])
    return EventReader(call.result).feed
