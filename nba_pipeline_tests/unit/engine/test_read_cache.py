"""What is kept of stored rows is what a reading gives, and is read anew once it is replaced."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.engine import hashing
from nba_pipeline.engine.read_cache import ReadCache, digest_of

FIRST = date(2022, 1, 1)
WHOSE = ("points", False)
DIGESTED = ("game_date", "points")


class Shelf:
    """Partitions of a few rows, each with a mark that says which writing of it this is."""

    def __init__(self) -> None:
        self.writings: dict[date, int] = {}
        self.loaded: list[date] = []

    def write(self, day: date) -> None:
        self.writings[day] = self.writings.get(day, 0) + 1

    def marks(self, days: list[date]) -> dict[date, str]:
        return {day: f"writing {self.writings[day]}" for day in days if day in self.writings}

    def load(self, days: list[date]) -> pa.Table:
        self.loaded += days
        rows = [
            {"game_date": day, "points": 10 * self.writings[day] + n, "rebounds": n}
            for day in days
            for n in range(day.day % 3)
        ]
        whole = pa.int64()
        kinds = {"game_date": pa.date32(), "points": whole, "rebounds": whole}
        schema = pa.schema([pa.field(*kind, nullable=False) for kind in kinds.items()])
        return pa.Table.from_pylist(rows, schema)

    def through(self, cache: ReadCache, days: list[date]) -> pa.Table:
        return cache.rows(WHOSE, self.marks(days), ["game_date", "points"], [DIGESTED], self.load)

    def gives_what_a_fresh_reading_does(self, cache: ReadCache, wanted: list[date]) -> None:
        found = self.through(cache, wanted)
        fresh = self.load([day for day in wanted if day in self.writings])
        assert found.select(["game_date", "points"]) == fresh.select(["game_date", "points"])
        digests = hashing.digests(fresh.select(DIGESTED))
        assert found[digest_of(DIGESTED)].to_pylist() == [bytes(digest) for digest in digests]


def days(*numbers: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in numbers]


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for day in days(*range(8)):
        shelf.write(day)
    return shelf


def test_a_partition_is_read_once(shelf):
    cache = ReadCache()
    shelf.through(cache, days(1, 2, 3))
    shelf.through(cache, days(2, 3, 4))
    assert shelf.loaded == days(1, 2, 3, 4)


def test_a_replaced_partition_is_read_anew(shelf):
    cache = ReadCache()
    shelf.through(cache, days(1, 3, 4))
    shelf.write(days(3)[0])
    assert 20 in shelf.through(cache, days(1, 3, 4))["points"].to_pylist()
    assert shelf.loaded == days(1, 3, 4, 3)


def test_a_partition_that_is_gone_is_not_remembered(shelf):
    cache = ReadCache()
    shelf.through(cache, days(1, 3))
    del shelf.writings[days(3)[0]]
    assert set(shelf.through(cache, days(1, 3))["game_date"].to_pylist()) == set(days(1))


def test_a_column_not_kept_is_fetched(shelf):
    cache = ReadCache()
    cache.rows(
        WHOSE, shelf.marks(days(1)), ["points"], [], lambda d: shelf.load(d).drop("rebounds")
    )
    found = cache.rows(WHOSE, shelf.marks(days(1)), ["rebounds"], [], shelf.load)
    assert found["rebounds"].to_pylist() == shelf.load(days(1))["rebounds"].to_pylist()


def test_rows_that_lack_what_another_reader_digested_are_joined_all_the_same(shelf):
    cache, wide = ReadCache(), ("game_date", "points", "rebounds")
    cache.rows(WHOSE, shelf.marks(days(1)), ["game_date", "points"], [wide], shelf.load)
    found = cache.rows(
        WHOSE,
        shelf.marks(days(1, 3)),
        ["game_date", "points"],
        [DIGESTED],
        lambda d: shelf.load(d).drop("rebounds"),
    )
    fresh = shelf.load(days(1, 3)).select(DIGESTED)
    assert found[digest_of(DIGESTED)].to_pylist() == [bytes(d) for d in hashing.digests(fresh)]


def test_no_more_is_kept_than_there_is_room_for(shelf):
    cache = ReadCache(most_bytes=1)
    shelf.through(cache, days(1))
    shelf.through(cache, days(1))
    assert shelf.loaded == days(1, 1)


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), max_size=3), st.lists(st.integers(0, 9), unique=True)
        ),
        max_size=8,
    )
)
def test_whatever_is_written_in_between_the_rows_are_those_of_a_fresh_reading(story):
    shelf, cache = Shelf(), ReadCache(most_bytes=2_000)
    for written, asked in story:
        for day in days(*written):
            shelf.write(day)
        shelf.gives_what_a_fresh_reading_does(cache, days(*sorted(asked)))


# Between processes --------------------------------------------------------------------------------


# Of so many dates that they are worth leaving.
MANY = range(1, 6)


class Left:
    """What earlier processes left."""

    def __init__(self) -> None:
        self.kept: dict[str, pa.Table] = {}

    def shelved(self, name: str) -> pa.Table | None:
        return self.kept.get(name)

    def shelve(self, kept: Mapping[str, pa.Table]) -> None:
        self.kept |= kept


@pytest.fixture
def left(shelf: Shelf) -> Left:
    left = Left()
    cache = ReadCache(left)
    shelf.through(cache, days(*MANY))
    cache.leave()
    shelf.loaded.clear()
    return left


def test_the_next_process_reads_nothing_again(shelf, left):
    found = shelf.through(ReadCache(left), days(*MANY))
    assert shelf.loaded == []
    assert found == shelf.through(ReadCache(), days(*MANY))


def test_it_reads_what_was_replaced_since(shelf, left):
    shelf.write(days(3)[0])
    assert 20 in shelf.through(ReadCache(left), days(*MANY))["points"].to_pylist()
    assert shelf.loaded == days(3)


def test_digests_of_another_way_of_digesting_are_not_believed(shelf, left, monkeypatch):
    monkeypatch.setattr(hashing, "DIGEST_VERSION", hashing.DIGEST_VERSION + 1)
    shelf.through(ReadCache(left), days(*MANY))
    assert shelf.loaded == days(*MANY)


def test_a_column_whose_type_has_changed_is_read_anew(shelf, left, monkeypatch):
    before = shelf.load
    monkeypatch.setattr(
        shelf,
        "load",
        lambda d: before(d).set_column(1, "points", before(d)["points"].cast(pa.float64())),
    )
    found = shelf.through(ReadCache(left), days(*MANY))
    assert found["points"].type == pa.float64()


def test_a_few_new_dates_are_not_worth_leaving_everything_anew(shelf):
    left, cache = Left(), ReadCache()
    for number in range(40):
        shelf.write(days(number)[0])
    cache = ReadCache(left)
    shelf.through(cache, days(*range(39)))
    cache.leave()
    before = dict(left.kept)
    shelf.through(cache, days(*range(40)))
    cache.leave()
    assert left.kept["points-rows"] is before["points-rows"]


def test_what_was_dropped_for_want_of_room_is_left_too(shelf):
    left = Left()
    cache = ReadCache(left, most_bytes=1)
    shelf.through(cache, days(*MANY))
    assert "points-rows" in left.kept


def test_what_is_larger_than_all_else_stays_in_its_own_files(shelf, monkeypatch):
    monkeypatch.setattr("nba_pipeline.engine.read_cache._BYTES_SHELVED", 1)
    left = Left()
    cache = ReadCache(left)
    shelf.through(cache, days(*MANY))
    cache.leave()
    assert not left.kept


def test_what_was_written_need_not_be_read(shelf):
    cache = ReadCache()
    shelf.through(cache, days(1, 3))
    shelf.write(days(3)[0])
    written = shelf.load(days(3))
    shelf.loaded.clear()
    cache.put(WHOSE, shelf.marks(days(3)), written)
    assert 20 in shelf.through(cache, days(1, 3))["points"].to_pylist()
    assert shelf.loaded == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 9), max_size=3),
            st.lists(st.integers(0, 9), unique=True),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_through_any_number_of_processes_the_rows_are_those_of_a_fresh_reading(story):
    shelf, left = Shelf(), Left()
    cache = ReadCache(left, most_bytes=2_000)
    for written, asked, ends in story:
        for day in days(*written):
            shelf.write(day)
            cache.put(WHOSE, shelf.marks([day]), shelf.load([day]))
        shelf.gives_what_a_fresh_reading_does(cache, days(*sorted(asked)))
        if ends:
            cache.leave()
            cache = ReadCache(left, most_bytes=2_000)


def test_dates_of_a_season_long_past_are_not_left_and_cause_no_leaving(shelf):
    left, long_past = Left(), days(-500, -499, -498)
    for day in long_past:
        shelf.write(day)
    cache = ReadCache(left)
    shelf.through(cache, [*long_past, *days(*MANY)])
    cache.leave()
    kept = left.kept["points-rows"]
    assert set(kept["game_date"].to_pylist()) <= set(days(*MANY))
    cache = ReadCache(left)
    shelf.through(cache, [*long_past, *days(*MANY)])
    cache.leave()
    assert left.kept["points-rows"] is kept


def test_a_few_dates_are_read_from_their_own_files(shelf, left):
    shelf.through(ReadCache(left), days(2))
    assert shelf.loaded == days(2)


def test_a_few_dates_are_not_left_in_the_place_of_many(shelf, left):
    before, cache = dict(left.kept), ReadCache(left)
    shelf.write(days(2)[0])
    shelf.through(cache, days(2))
    cache.leave()
    assert left.kept == before


def test_a_few_dates_and_then_many_give_what_a_fresh_reading_does(shelf, left):
    cache = ReadCache(left)
    shelf.write(days(2)[0])
    shelf.through(cache, days(2))
    assert shelf.through(cache, days(*MANY)) == shelf.through(ReadCache(), days(*MANY))
    assert shelf.loaded == [*days(2), *days(*MANY)]


class LeftInColumns:
    """What an earlier process left, some columns of which may have been damaged since."""

    def __init__(self, kept: pa.Table, damaged: Collection[str] = ()) -> None:
        self.kept, self.damaged = kept, damaged
        self.schema = kept.schema
        self.asked: list[str] = []

    def select(self, names: Sequence[str]) -> pa.Table:
        self.asked += names
        if set(names) & set(self.damaged):
            raise KeyError(names)
        return self.kept.select(names)


def test_of_what_was_left_only_the_columns_asked_for_are_read(shelf, left):
    columns = left.kept["points-rows"] = LeftInColumns(left.kept["points-rows"])
    cache = ReadCache(left)
    shelf.through(cache, days(*MANY))
    assert set(columns.asked) == {"game_date", "points", digest_of(DIGESTED)}
    found = cache.rows(WHOSE, shelf.marks(days(*MANY)), ["rebounds"], [], shelf.load)
    assert shelf.loaded == []
    assert found["rebounds"].to_pylist() == shelf.load(days(*MANY))["rebounds"].to_pylist()
    assert sorted(columns.asked) == sorted(columns.kept.column_names)


@pytest.mark.parametrize("damaged", ["game_date", "points", digest_of(DIGESTED)])
def test_a_column_damaged_where_it_was_left_is_had_otherwise(shelf, left, damaged):
    left.kept["points-rows"] = LeftInColumns(left.kept["points-rows"], [damaged])
    shelf.gives_what_a_fresh_reading_does(ReadCache(left), days(*MANY))


def test_columns_nobody_asked_for_are_left_again(shelf, left):
    cache, before = ReadCache(left), left.kept["points-rows"]
    left.kept["points-rows"] = LeftInColumns(before)
    for day in days(*MANY)[:4]:
        shelf.write(day)
    cache.rows(WHOSE, shelf.marks(days(*MANY)), ["points"], [], shelf.load)
    cache.leave()
    after = left.kept["points-rows"]
    assert set(after.column_names) == set(before.column_names)
    shelf.gives_what_a_fresh_reading_does(ReadCache(left), days(*MANY))
