"""A named SQL statement with the type of its rows. Stores consist of these, and no other module contains SQL."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from voxpop.db.parameters import parameterize
from voxpop.db.pool import Tx
from voxpop.errors import NotFound

Row = TypeVar("Row", bound=Struct)


class Query(Generic[Row]):
    """One statement whose columns are the fields of `row`, in order. A test prepares each one and compares.

    Parameters are named in the text (`:status`) and passed as keywords. A statement with more than seven names its
    `values`, a struct that callers pass instead, beside keywords for the rest; a test compares its fields. A statement
    that writes many rows names its `values` too; callers pass the rows with `arrays_of`, one array for each field.

    `changes_identity`: the statement can end or change a key, session, member or workspace that processes remember.
    They forget it after the commit; a test finds the statements that need it.

    `system`: the statement runs in a `system_transaction`, or in a block of `system_role`. A test lists these.
    """

    registry: ClassVar[list["Query[Any]"]] = []

    def __init__(
        self,
        text: str,
        row: type[Row],
        values: type[Struct] | None = None,
        *,
        changes_identity: bool = False,
        system: bool = False,
    ) -> None:
        self.text, self.row, self.values = text, row, values
        self.changes_identity, self.system = changes_identity, system
        self.sql, self.names = parameterize(text)
        self.registry.append(self)

    async def all(self, tx: Tx, *values: Struct, **named: object) -> list[Row]:
        return [self.row(*record) for record in await tx.fetch(self.sql, *self._arguments(tx, values, named))]

    async def find(self, tx: Tx, *values: Struct, **named: object) -> Row | None:
        """The first row, or None."""
        record = await tx.fetchrow(self.sql, *self._arguments(tx, values, named))
        return None if record is None else self.row(*record)

    async def one(self, tx: Tx, *values: Struct, **named: object) -> Row:
        """The first row; raises NotFound if there is none."""
        row = await self.find(tx, *values, **named)
        if row is None:
            raise NotFound
        return row

    async def run(self, tx: Tx, *values: Struct, **named: object) -> int:
        """Runs a statement without result rows and returns the number of affected rows."""
        status = str(await tx.execute(self.sql, *self._arguments(tx, values, named)))
        return int(status.rsplit(" ", 1)[-1])

    def _arguments(self, tx: Tx, values: Sequence[Struct], named: dict[str, object]) -> Sequence[object]:
        """The values in the order of the parameters. TypeError names missing and unknown ones."""
        if self.changes_identity:
            tx.changes.identity = True
        if values:
            named = {name: getattr(struct, name) for struct in values for name in struct.__struct_fields__} | named
        if len(named) != len(self.names) or not all(name in named for name in self.names):
            raise TypeError(f"{self} takes {', '.join(self.names)}, not {', '.join(named)}")
        return [named[name] for name in self.names]

    def __str__(self) -> str:
        return " ".join(self.text.split())[:60]


def arrays_of(rows: Sequence[Struct]) -> dict[str, Sequence[object]]:
    """Rows of one struct as an array for each field, for a statement that reads them with `unnest`."""
    return {name: [getattr(row, name) for row in rows] for name in rows[0].__struct_fields__}


def array_text(values: Iterable[object]) -> str:
    """An array as text, for a statement that reads arrays with `unnest`, which would flatten nested ones.

    The values are numbers, ids or keywords: nothing that needs quotes.
    """
    return "{" + ",".join(map(str, values)) + "}"


class NoRows(Struct):
    """The row of a statement that returns none."""


def every_query() -> Iterator[Query[Any]]:
    yield from Query.registry
