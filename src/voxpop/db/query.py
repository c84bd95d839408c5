"""A named SQL statement with the type of its rows; stores are made of these, nothing else holds SQL."""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.errors import NotFound

Row = TypeVar("Row", bound=Struct)


class Query(Generic[Row]):
    """One statement whose columns are the fields of `row`, in order; a test prepares every one and compares."""

    known: ClassVar[list["Query[Any]"]] = []

    def __init__(self, sql: str, row: type[Row]) -> None:
        self.sql = sql
        self.row = row
        self.known.append(self)

    async def all(self, tx: Tx, *values: object) -> list[Row]:
        return [self.row(*record) for record in await tx.fetch(self.sql, *values)]

    async def find(self, tx: Tx, *values: object) -> Row | None:
        """The first row, or None."""
        record = await tx.fetchrow(self.sql, *values)
        return None if record is None else self.row(*record)

    async def one(self, tx: Tx, *values: object) -> Row:
        """The first row; NotFound where there is none."""
        found = await self.find(tx, *values)
        if found is None:
            raise NotFound
        return found

    async def run(self, tx: Tx, *values: object) -> int:
        """How many rows were touched; for statements that give none back."""
        status = str(await tx.execute(self.sql, *values))
        return int(status.rsplit(" ", 1)[-1])

    def __str__(self) -> str:
        return " ".join(self.sql.split())[:60]


class Nothing(Struct):
    """The row of a statement that gives none back."""


def every_query() -> Iterator[Query[Any]]:
    yield from Query.known
