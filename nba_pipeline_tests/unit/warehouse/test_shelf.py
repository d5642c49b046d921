"""What one process leaves for the next: believed only while the files it came from are the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline.warehouse.placing import Placer
from nba_pipeline.warehouse.shelf import Shelf
from nba_pipeline_tests.partitions import DAY, NEXT_DAY, SUMMARY, TABLES, about, put, rows_of

DAYS = [DAY, NEXT_DAY]
ROWS = pa.table({"player": ["a", "b"], "points": [12, 7]})


def shelf_in(folder: Path) -> Shelf:
    return Shelf(folder, Placer(folder / ".writing"))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return shelf_in(tmp_path / "shelf")


def got(shelf: Shelf, name: str, columns: Sequence[str] = ROWS.column_names) -> pa.Table | None:
    """Columns as the shelf gives them, if it does."""
    kept = shelf.get(name)
    try:
        return kept and kept.select(columns)
    except KeyError:
        return None


def test_what_was_kept_is_got(shelf):
    shelf.put("nba_test/summary-rows", ROWS)
    assert got(shelf, "nba_test/summary-rows") == ROWS


def test_what_was_said_of_it_is_got_with_it(shelf):
    shelf.put("rows", ROWS.replace_schema_metadata({"marks": "1 2 3"}))
    assert shelf.get("rows").schema.equals(
        ROWS.schema.with_metadata({"marks": "1 2 3"}), check_metadata=True
    )


@given(
    pieces=st.lists(st.lists(st.none() | st.text()), max_size=3),
    columns=st.permutations(["text", "texts", "length"]),
    count=st.integers(1, 3),
)
def test_any_columns_are_got_in_any_order(pieces, columns, count, tmp_path_factory):
    schema = pa.schema(
        {"text": pa.string(), "texts": pa.list_(pa.string()), "length": pa.float64()}
    )
    rows = pa.concat_tables(
        [
            schema.empty_table(),
            *(
                pa.table([p, [[text] * 2 for text in p], range(len(p))], schema=schema)
                for p in pieces
            ),
        ]
    )
    shelf = shelf_in(tmp_path_factory.mktemp("shelf"))
    shelf.put("rows", rows)
    assert got(shelf, "rows", columns[:count]) == rows.select(columns[:count])


def test_of_a_name_nobody_used_there_is_nothing(shelf):
    assert shelf.get("nba_test/summary-rows") is None


def test_a_column_nobody_kept_is_not_got(shelf):
    shelf.put("rows", ROWS)
    assert got(shelf, "rows", ["player", "rebounds"]) is None


def test_what_is_kept_anew_takes_the_place_of_what_was(shelf):
    shelf.put("nba_test/summary-rows", ROWS)
    shelf.put("nba_test/summary-rows", ROWS.slice(1))
    assert got(shelf, "nba_test/summary-rows") == ROWS.slice(1)


def test_columns_of_two_writings_are_never_mixed(shelf):
    shelf.put("rows", ROWS)
    kept = shelf.get("rows")
    assert kept.select(["player"]) == ROWS.select(["player"])
    shelf.put("rows", ROWS.slice(1))
    with pytest.raises(KeyError):
        kept.select(["points"])


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_a_flipped_bit_is_as_good_as_nothing(at, bit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    shelf, file = shelf_in(folder), folder / "rows.arrow"
    shelf.put("rows", ROWS)
    content = bytearray(file.read_bytes())
    content[at % len(content)] ^= 1 << bit
    file.write_bytes(bytes(content))
    assert got(shelf, "rows") is None


@given(length=st.integers(min_value=0, max_value=5_000))
def test_half_a_file_is_as_good_as_nothing(length, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    shelf, file = shelf_in(folder), folder / "rows.arrow"
    shelf.put("rows", ROWS)
    os.truncate(file, min(length, file.stat().st_size - 1))
    assert got(shelf, "rows") is None


def test_a_damaged_column_is_nothing_and_the_others_are_whole(shelf, tmp_path):
    shelf.put("rows", ROWS)
    with (tmp_path / "shelf" / "rows.arrow").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    assert got(shelf, "rows", ["player"]) == ROWS.select(["player"])
    assert got(shelf, "rows", ["points"]) is None


def test_what_was_kept_under_another_name_is_as_good_as_nothing(shelf, tmp_path):
    shelf.put("summary", ROWS)
    (tmp_path / "shelf" / "summary.arrow").rename(tmp_path / "shelf" / "raw.arrow")
    assert shelf.get("raw") is None


def test_a_file_that_is_laid_out_otherwise_is_as_good_as_nothing(shelf, monkeypatch):
    monkeypatch.setattr("nba_pipeline.warehouse.shelf._LAYOUT", 0)
    shelf.put("rows", ROWS)
    monkeypatch.undo()
    assert shelf.get("rows") is None


# A warehouse and its files ------------------------------------------------------------------------


@pytest.fixture
def warehouse(tmp_path: Path) -> LocalWarehouse:
    found = LocalWarehouse(tmp_path / "warehouse", TABLES)
    for day in DAYS:
        put(found, SUMMARY, rows_of(SUMMARY, {"player": "a", "game_date": day}), day)
    found.shelve({})
    return found


@pytest.fixture
def next_process(warehouse: LocalWarehouse) -> LocalWarehouse:
    return LocalWarehouse(warehouse.folder, TABLES)


def test_the_next_process_knows_of_partitions_what_their_files_say(warehouse, next_process):
    found = next_process.stored(SUMMARY, DAYS)
    (warehouse.folder / ".shelf" / "nba_test" / "summary-footers.arrow").unlink()
    fresh = LocalWarehouse(warehouse.folder, TABLES).stored(SUMMARY, DAYS)
    assert found == fresh
    assert {day: known.mark for day, known in found.items()} == {
        day: known.mark for day, known in fresh.items()
    }


def test_it_opens_no_file_for_that(next_process, monkeypatch):
    monkeypatch.setattr("nba_pipeline.warehouse.footers.footer_of", None)
    assert set(next_process.stored(SUMMARY, DAYS)) == set(DAYS)


def test_whoever_asks_for_versions_has_nothing_else_decoded(next_process, monkeypatch):
    monkeypatch.setattr("nba_pipeline.warehouse.footers.from_json", None)
    found = next_process.versions(SUMMARY, DAYS)
    assert [known.data_version for known in found.values()] == ["v", "v"]


def test_texts_damaged_where_they_were_left_are_looked_up_in_the_files(warehouse, next_process):
    left = warehouse.folder / ".shelf" / "nba_test" / "summary-footers.arrow"
    whole = next_process.stored(SUMMARY, DAYS)
    with left.open("r+b") as file:
        file.seek(-20, os.SEEK_END)  # what a file says is the last column, and padded
        file.write(b"nonsense")
    found = LocalWarehouse(warehouse.folder, TABLES)
    assert set(found.versions(SUMMARY, DAYS)) == set(DAYS)
    assert found.stored(SUMMARY, DAYS) == whole


def test_what_was_written_is_known_as_its_file_says_it(warehouse, next_process):
    assert warehouse.stored(SUMMARY, DAYS) == next_process.stored(SUMMARY, DAYS)


def test_a_file_that_was_replaced_since_speaks_for_itself(warehouse, next_process):
    rows = rows_of(SUMMARY, {"player": "b"})
    LocalWarehouse(warehouse.folder, TABLES).replace(
        SUMMARY, {DAY: (rows, about(rows, fingerprint="later"))}
    )
    assert next_process.stored(SUMMARY, [DAY])[DAY].fingerprint == "later"


def test_a_partition_that_is_gone_is_gone(warehouse, next_process):
    warehouse.path(SUMMARY, DAYS[0]).unlink()
    assert DAYS[0] not in next_process.stored(SUMMARY, DAYS)


def test_a_file_that_was_damaged_since_is_damaged(warehouse, next_process):
    path = warehouse.path(SUMMARY, DAYS[0])
    os.truncate(path, path.stat().st_size - 5)
    assert not next_process.stored(SUMMARY, DAYS)[DAYS[0]].intact


def test_what_another_process_found_damaged_counts_as_damaged(warehouse, next_process):
    day = DAYS[0]
    assert next_process.stored(SUMMARY, [day])[day].intact
    path = warehouse.path(SUMMARY, day)
    content, at = bytearray(path.read_bytes()), path.stat()
    content[4:200] = bytes(byte ^ 1 for byte in content[4:200])
    with path.open("r+b") as file:
        file.write(content)
    # As a disk damages it: nobody wrote, so the file system saw nothing.
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    with pytest.raises(WarehouseError, match="is damaged"):
        LocalWarehouse(warehouse.folder, TABLES).read(SUMMARY, [day])
    assert not next_process.stored(SUMMARY, [day])[day].intact
    assert not LocalWarehouse(warehouse.folder, TABLES).stored(SUMMARY, [day])[day].intact


def test_a_warehouse_that_can_only_be_read_keeps_nothing_and_says_nothing(warehouse, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Placer, "place", refuse)
    warehouse.shelve({"nba_test/summary-rows": ROWS})
    assert warehouse.shelved("nba_test/summary-rows") is None
