"""Turns the shape of a call into a method of both clients: `Client` returns its result, `AsyncClient` a coroutine.

A shape is written once, as a function that returns a `Call`; these descriptors read it on either client.
"""

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from voxpop.client.shapes import Call, Page, next_page

if TYPE_CHECKING:
    from voxpop.client.asynchronous import AsyncClient
    from voxpop.client.synchronous import Client

P = ParamSpec("P")
T = TypeVar("T")


class Method(Generic[P, T]):
    """What the kinds of calls share: the shape, with its name and documentation."""

    def __init__(self, shape: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.shape = shape
        functools.update_wrapper(cast(Any, self), shape)


class call(Method[P, T]):
    """A call with one result."""

    @overload
    def __get__(self, client: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, owner: Any) -> Any:
        return self if client is None else _bound(self, client, client.send)


class stream(Method[P, T]):
    """A call whose result arrives in parts, for example a file or events."""

    @overload
    def __get__(self, client: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: Any) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: Any) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, client: Any, owner: Any) -> Any:
        return self if client is None else _bound(self, client, client.stream)


class PagedMethod(Generic[P, T]):
    """Called, it returns one page; `all` goes through the rows of every page."""

    def __init__(self, client: "Client", shape: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self._client, self._shape = client, shape

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        return self._client.send(self._shape(self._client, *args, **kwargs))

    def all(self, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        following: Call[Page[T]] | None = self._shape(self._client, *args, **kwargs)
        while following is not None:
            page = self._client.send(following)
            yield from page.data
            following = next_page(following, page)


class AsyncPagedMethod(Generic[P, T]):
    """The same for the asynchronous client."""

    def __init__(self, client: "AsyncClient", shape: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self._client, self._shape = client, shape

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        return await self._client.send(self._shape(self._client, *args, **kwargs))

    async def all(self, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        following: Call[Page[T]] | None = self._shape(self._client, *args, **kwargs)
        while following is not None:
            page = await self._client.send(following)
            for row in page.data:
                yield row
            following = next_page(following, page)


class paged(Generic[P, T]):
    """A call that returns a list page by page."""

    def __init__(self, shape: Callable[Concatenate[Any, P], Call[Page[T]]]) -> None:
        self.shape = shape
        functools.update_wrapper(cast(Any, self), shape)

    @overload
    def __get__(self, client: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: Any) -> PagedMethod[P, T]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: Any) -> AsyncPagedMethod[P, T]: ...
    def __get__(self, client: Any, owner: Any) -> Any:
        if client is None:
            return self
        bound = AsyncPagedMethod if client.is_async else PagedMethod
        return functools.update_wrapper(bound(client, self.shape), self.shape)


def _bound(method: Method[P, T], client: Any, send: Callable[[Call[T]], Any]) -> Callable[P, Any]:
    @functools.wraps(method.shape)
    def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
        return send(method.shape(client, *args, **kwargs))

    return bound
