"""Row hashes are byte-identical to one line of json; versions and digests tell rows apart."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise, starmap
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.engine import hashing
from nba_pipeline.engine.errors import DeclarationError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WHOLE = st.integers(-(2**53), 2**53)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "points": (pa.int64(), WHOLE),
    "usage": (pa.float64(), st.floats() | st.sampled_from([-0.0, 1e-05, 1e16, 1e22, 5e-324])),
    "player": (pa.string(), TEXT),
    "is_home": (pa.bool_(), st.booleans()),
    "game_date": (pa.date32(), st.dates()),
    "known_at": (pa.timestamp("us", tz="UTC"), st.datetimes(timezones=st.just(UTC))),
    "issues": (pa.list_(pa.string()), st.lists(st.none() | TEXT, max_size=3)),
    "features": (pa.list_(pa.float64()), st.lists(st.none() | st.floats(), max_size=3)),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in KINDS.items()])
ROW = st.fixed_dictionaries({name: st.none() | values for name, (_, values) in KINDS.items()})
ROWS = st.lists(ROW, max_size=6)


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def contract(row: dict[str, Any]) -> str:
    """The line that warehouses with such hashes were filled by."""
    fields = {name: stored(value) for name, value in row.items()}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()[:16]


def stored(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) or math.isinf(value) else value + 0.0
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [stored(item) for item in value]
    return value


# Row hashes --------------------------------------------------------------------------------------


@given(ROWS)
def test_a_row_hash_is_the_line_of_json(rows):
    hashes = hashing.row_hashes(table_of(rows), SCHEMA.names).to_pylist()
    assert hashes == [contract(row) for row in rows]


def test_a_row_hash_never_changes_between_releases():
    row = pa.table({"points": [38], "player_lookup": ["demarderozan"], "ts_pct": [0.741]})
    # printf '{"player_lookup": "demarderozan", "points": 38, "ts_pct": 0.741}' | sha256sum
    assert hashing.row_hashes(row, row.column_names)[0].as_py() == "06b7a8bf05121296"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "null"),
        (math.inf, "null"),
        (-math.inf, "null"),
        (-0.0, "0.0"),
        (3.0, "3.0"),
        (1e-05, "1e-05"),
        (1e16, "1e+16"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_a_float_is_written_by_its_shortest_repr(value, text):
    rows = pa.table({"x": pa.array([value], pa.float64())})
    expected = hashlib.sha256(f'{{"x": {text}}}'.encode()).hexdigest()[:16]
    assert hashing.row_hashes(rows, ["x"])[0].as_py() == expected


def test_a_timestamp_is_written_with_a_space_and_its_offset():
    instant = datetime(2021, 11, 16, 11, tzinfo=UTC)
    rows = pa.table({"x": pa.array([instant], pa.timestamp("us", tz="UTC"))})
    expected = hashlib.sha256(b'{"x": "2021-11-16 11:00:00+00:00"}').hexdigest()[:16]
    assert hashing.row_hashes(rows, ["x"])[0].as_py() == expected


def test_composed_and_decomposed_accents_hash_equally():
    rows = pa.table({"player": ["Jokić", unicodedata.normalize("NFD", "Jokić")]})
    composed, decomposed = hashing.row_hashes(rows, ["player"]).to_pylist()
    assert composed == decomposed


@given(st.lists(ROW, min_size=1, max_size=6), st.randoms())
def test_a_row_hash_does_not_depend_on_the_other_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    alone = [hashing.row_hashes(table_of([row]), SCHEMA.names)[0].as_py() for row in shuffled]
    assert hashing.row_hashes(table_of(shuffled), SCHEMA.names).to_pylist() == alone


@given(ROWS, st.permutations(SCHEMA.names))
def test_a_row_hash_does_not_depend_on_the_order_of_columns(rows, names):
    plain = hashing.row_hashes(table_of(rows), SCHEMA.names)
    assert hashing.row_hashes(table_of(rows).select(names), names) == plain


@given(ROWS, ROWS)
def test_a_row_hash_does_not_depend_on_the_chunks_of_a_table(first, second):
    in_chunks = pa.concat_tables([table_of(first), table_of(second)])
    whole = hashing.row_hashes(table_of(first + second), SCHEMA.names)
    assert hashing.row_hashes(in_chunks, SCHEMA.names) == whole


@given(ROWS)
def test_a_row_hash_does_not_depend_on_where_a_table_was_cut(rows):
    rest = table_of(rows).slice(1)
    whole = hashing.row_hashes(table_of(rows), SCHEMA.names).to_pylist()
    assert hashing.row_hashes(rest, SCHEMA.names).to_pylist() == whole[1:]


def test_columns_outside_the_hash_do_not_move_it():
    early, late = ({"points": [38], "run_id": [run]} for run in ("run-1", "run-2"))
    first = hashing.row_hashes(pa.table(early), ["points"])
    assert hashing.row_hashes(pa.table(late), ["points"]) == first


def test_null_the_text_null_and_the_empty_text_are_three_things():
    rows = pa.table({"player": [None, "null", "NULL", ""]})
    assert len(set(hashing.row_hashes(rows, ["player"]).to_pylist())) == 4


def test_a_hash_of_no_field_is_refused():
    with pytest.raises(DeclarationError, match="at least one field"):
        hashing.row_hashes(pa.table({"points": [1]}), [])


@pytest.mark.parametrize("value", [Decimal("1.5"), b"bytes", {"a": 1}, (1, 2)])
def test_a_type_without_an_encoding_is_refused(value):
    with pytest.raises(DeclarationError, match=f"a {type(value).__name__} cannot be hashed"):
        hashing.canonical(value)


# Partition versions ------------------------------------------------------------------------------

KEYED = st.dictionaries(st.tuples(TEXT, WHOLE), TEXT, max_size=6)


def version(rows: list[tuple[tuple[str, int], str]]) -> str:
    keys = pa.table(
        {
            "player": pa.array([player for (player, _), _ in rows], pa.string()),
            "number": pa.array([number for (_, number), _ in rows], pa.int64()),
        }
    )
    return hashing.partition_version(keys, pa.array([hash_ for _, hash_ in rows], pa.string()))


@given(KEYED, st.randoms())
def test_a_partition_version_does_not_depend_on_the_order_of_rows(rows, random):
    listed = list(rows.items())
    assert version(random.sample(listed, len(listed))) == version(listed)


@given(KEYED.filter(bool), st.data())
def test_a_partition_version_changes_with_the_hash_of_any_row(rows, data):
    changed = data.draw(st.sampled_from(sorted(rows)))
    corrected = {**rows, changed: rows[changed] + "'"}
    assert version(list(corrected.items())) != version(list(rows.items()))


@given(KEYED.filter(bool), st.data())
def test_a_partition_version_changes_when_any_row_is_missing(rows, data):
    missing = data.draw(st.sampled_from(sorted(rows)))
    fewer = [(key, hash_) for key, hash_ in rows.items() if key != missing]
    assert version(fewer) != version(list(rows.items()))


def test_a_partition_version_is_the_digest_of_its_sorted_lines():
    rows = [(("b", 1), "beef"), (("a", 2), "cafe")]
    assert version(rows) == hashlib.sha256(b"a|2=cafe\nb|1=beef").hexdigest()


def test_an_empty_partition_has_a_version():
    assert version([]) == hashlib.sha256(b"").hexdigest()


# Digests -----------------------------------------------------------------------------------------

NOTHINGS = [
    (pa.int64(), 0),
    (pa.float64(), 0.0),
    (pa.bool_(), False),
    (pa.string(), ""),
    (pa.date32(), date(1970, 1, 1)),
    (pa.timestamp("us", tz="UTC"), datetime(1970, 1, 1, tzinfo=UTC)),
    (pa.list_(pa.string()), []),
    (pa.list_(pa.float64()), []),
]

# NaN is left out: it differs from itself.
COMPARABLE = ROW.filter(lambda row: "nan" not in repr(row))


def digests_of(rows: list[dict[str, Any]]) -> list[bytes]:
    return [digest.tobytes() for digest in hashing.digests(table_of(rows))]


@given(COMPARABLE, COMPARABLE)
def test_two_rows_have_one_digest_exactly_when_they_are_equal(first, second):
    one, other = digests_of([first, second])
    assert (one == other) == (first == second)


@given(ROWS, ROWS)
def test_a_digest_does_not_depend_on_the_other_rows(first, second):
    assert digests_of(first + second) == digests_of(first) + digests_of(second)


@given(ROWS, ROWS)
def test_a_digest_does_not_depend_on_the_chunks_of_a_table(first, second):
    in_chunks = pa.concat_tables([table_of(first), table_of(second)])
    assert np.array_equal(hashing.digests(in_chunks), hashing.digests(table_of(first + second)))


@given(ROWS)
def test_a_digest_does_not_depend_on_where_a_table_was_cut(rows):
    rest = hashing.digests(table_of(rows).slice(1))
    assert np.array_equal(rest, hashing.digests(table_of(rows))[1:])


@given(ROWS, st.permutations(SCHEMA.names))
def test_a_digest_does_not_depend_on_the_order_of_columns(rows, names):
    reordered = hashing.digests(table_of(rows).select(names))
    assert np.array_equal(reordered, hashing.digests(table_of(rows)))


@pytest.mark.parametrize(("kind", "nothing"), NOTHINGS, ids=str)
def test_a_digest_tells_null_from_nothing(kind, nothing):
    null, zero = hashing.digests(pa.table({"x": pa.array([None, nothing], kind)}))
    assert null.tobytes() != zero.tobytes()


def test_a_digest_takes_both_zeros_for_one():
    plus, minus = hashing.digests(pa.table({"x": [0.0, -0.0]}))
    assert plus.tobytes() == minus.tobytes()


def test_a_digest_tells_in_which_column_a_value_is():
    one, other = hashing.digests(pa.table({"points": [7, 3], "assists": [3, 7]}))
    assert one.tobytes() != other.tobytes()


# Digests of runs ---------------------------------------------------------------------------------


def runs_of(rows: list[dict[str, Any]], *lengths: int) -> list[str]:
    ends = np.cumsum([0, *lengths]).tolist()
    return hashing.run_digests(table_of(rows), starmap(slice, pairwise(ends)))


COMPARABLES = st.lists(COMPARABLE, max_size=6)


@given(COMPARABLES, COMPARABLES)
def test_two_runs_have_one_digest_exactly_when_their_rows_are_equal(first, second):
    one, other = runs_of(first + second, len(first), len(second))
    assert (one == other) == (first == second)


@given(COMPARABLES.filter(bool), st.data())
def test_a_run_with_another_value_has_another_digest(rows, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    changed = [*rows[:at], data.draw(COMPARABLE.filter(lambda row: row != rows[at]))]
    (before,), (now,) = (runs_of(each, len(rows)) for each in (rows, [*changed, *rows[at + 1 :]]))
    assert before != now


@given(ROWS, ROWS)
def test_a_run_does_not_depend_on_the_rows_around_it_or_on_chunks(first, second):
    in_chunks = pa.concat_tables([table_of(first), table_of(second)])
    runs = [slice(0, len(first)), slice(len(first), len(first) + len(second))]
    found = hashing.run_digests(in_chunks, runs)
    assert found == runs_of(first, len(first)) + runs_of(second, len(second))


def test_a_run_tells_where_one_text_ends_and_the_next_begins():
    texts = pa.table({"x": ["ab", "c", "a", "bc"]})
    one, other = hashing.run_digests(texts, [slice(0, 2), slice(2, 4)])
    assert one != other


@pytest.mark.parametrize(("kind", "nothing"), NOTHINGS, ids=str)
def test_a_run_tells_null_from_nothing(kind, nothing):
    rows = pa.table({"x": pa.array([None, nothing], kind)})
    null, zero = hashing.run_digests(rows, [slice(0, 1), slice(1, 2)])
    assert null != zero


def test_a_run_takes_both_zeros_for_one():
    plus, minus = hashing.run_digests(pa.table({"x": [0.0, -0.0]}), [slice(0, 1), slice(1, 2)])
    assert plus == minus


# Digests of windows ------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn) -> tuple[Any, list[tuple[int, int]]]:
    count = draw(st.integers(0, 12))
    buffer = hashing.digests(pa.table({"x": pa.array(range(count), pa.int64())}))
    places = st.tuples(st.integers(0, count), st.integers(0, count))
    return buffer, [(min(place), max(place)) for place in draw(st.lists(places, max_size=20))]


def window_digests(buffer: Any, bounds: list[tuple[int, int]]) -> list[bytes]:
    start, stop = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
    return hashing.slice_digests(buffer, start, stop)


@given(windows())
def test_a_window_digest_covers_exactly_its_rows(case):
    buffer, bounds = case
    expected = [hashlib.sha256(buffer[first:last].tobytes()).digest() for first, last in bounds]
    assert window_digests(buffer, bounds) == expected


@given(windows(), st.sampled_from([1, 7, 64]))
def test_a_window_digest_is_the_same_whatever_the_block(case, size):
    buffer, bounds = case
    in_blocks = [
        digest
        for first in range(0, len(bounds), size)
        for digest in window_digests(buffer, bounds[first : first + size])
    ]
    assert in_blocks == window_digests(buffer, bounds)


@given(windows())
def test_windows_with_different_rows_have_different_digests(case):
    buffer, bounds = case
    rows = {(first, last) if first < last else () for first, last in bounds}
    assert len(set(window_digests(buffer, bounds))) == len(rows)


def test_a_digest_of_texts_keeps_them_apart():
    assert len({hashing.text_digest(*parts) for parts in [("ab",), ("a", "b"), ("a,b",)]}) == 3


def test_cells_that_differ_in_one_input_have_different_input_hashes():
    same, box, other = b"s" * 32, b"b" * 32, b"o" * 32
    first, second = hashing.combined("table", [[same, same], [box, other]])
    assert first != second


def test_another_table_version_gives_another_input_hash():
    parts = [[b"s" * 32]]
    assert hashing.combined("version 1", parts) != hashing.combined("version 2", parts)
