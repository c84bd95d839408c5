"""Named parameters become numbered ones; everything else in a statement stays as it is."""

import pytest

from voxpop.db.parameters import parameterize


@pytest.mark.parametrize(
    ("text", "sql", "names"),
    [
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ("a", "b")),
        ("SELECT :a::uuid, x::text", "SELECT $1::uuid, x::text", ("a",)),
        ("SELECT ':a', \":b\", 'it''s :c'", "SELECT ':a', \":b\", 'it''s :c'", ()),
        ("SELECT 1 -- :a\n, :b", "SELECT 1 -- :a\n, $1", ("b",)),
        ("SELECT /* :a */ :b", "SELECT /* :a */ $1", ("b",)),
        ("SELECT $$ :a $$, $tag$ :b $$ $tag$, :c", "SELECT $$ :a $$, $tag$ :b $$ $tag$, $1", ("c",)),
        ("SELECT c[2:3], c[low:high], c[:high]", "SELECT c[2:3], c[low:high], c[:high]", ()),
        ("SELECT counts[(:step)], ARRAY[:a, :b]", "SELECT counts[($1)], ARRAY[$2, $3]", ("step", "a", "b")),
        ("SELECT array_fill(0, ARRAY[:n])[1:2], :m", "SELECT array_fill(0, ARRAY[$1])[1:2], $2", ("n", "m")),
        ("SELECT f(x => :value), y := :z", "SELECT f(x => $1), y := $2", ("value", "z")),
        ("SELECT unnest(:emails::text[], :ids::uuid[])", "SELECT unnest($1::text[], $2::uuid[])", ("emails", "ids")),
        ("SELECT now()", "SELECT now()", ()),
    ],
)  # fmt: skip
def test_names_become_numbers_in_the_order_of_first_use(text: str, sql: str, names: tuple[str, ...]) -> None:
    assert parameterize(text) == (sql, names)
