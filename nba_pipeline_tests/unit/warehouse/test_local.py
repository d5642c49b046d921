"""The embedded warehouse: whole partitions or none, past revisions, SQL that changes nothing."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nba_pipeline.engine.errors import WarehouseError
from nba_pipeline.engine.logs import QUARANTINED_PAYLOADS
from nba_pipeline.engine.protocols import Stored
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse
from nba_pipeline_tests.partitions import (
    DAY,
    HISTORY,
    NEXT_DAY,
    RAW,
    SUMMARY,
    TABLES,
    WRITTEN,
    about,
    put,
    revisions,
    rows_of,
)

KILLS = 20
DAYS = [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)]


@pytest.fixture
def warehouse(tmp_path: Path) -> LocalWarehouse:
    return LocalWarehouse(tmp_path / "warehouse", TABLES)


# Files -------------------------------------------------------------------------------------------


def test_what_another_process_wrote_is_seen_at_once(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    warehouse.stored(SUMMARY, [DAY])
    _replace(warehouse)
    assert warehouse.stored(SUMMARY, [DAY])[DAY].fingerprint == "new"


@pytest.fixture
def settled(warehouse: LocalWarehouse) -> Path:
    """A partition's file in a folder that nobody has changed for an hour."""
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    file = warehouse.path(SUMMARY, DAY)
    an_hour_ago = time.time() - 3600
    os.utime(file.parent, (an_hour_ago, an_hour_ago))
    warehouse.versions(SUMMARY, [DAY])
    return file


def _replace(warehouse: LocalWarehouse) -> None:
    other = LocalWarehouse(warehouse.folder, TABLES)
    other.replace(SUMMARY, {DAY: (rows_of(SUMMARY), about(rows_of(SUMMARY), fingerprint="new"))})


@pytest.mark.usefixtures("settled")
def test_a_folder_nobody_changed_is_not_looked_through_twice(warehouse, monkeypatch):
    monkeypatch.setattr("nba_pipeline.warehouse.footers.mark_of", None)
    assert list(warehouse.versions(SUMMARY, [DAY, NEXT_DAY])) == [DAY]


@pytest.mark.usefixtures("settled")
def test_what_is_put_into_a_folder_nobody_changed_for_long_is_seen_at_once(warehouse):
    _replace(warehouse)
    assert warehouse.stored(SUMMARY, [DAY])[DAY].fingerprint == "new"


def test_what_is_deleted_from_a_folder_nobody_changed_for_long_is_gone_at_once(warehouse, settled):
    settled.unlink()
    assert not warehouse.versions(SUMMARY, [DAY])


def test_two_changes_of_a_folder_at_one_tick_of_the_clock_are_both_seen(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    folder = warehouse.path(SUMMARY, DAY).parent
    tick = folder.stat().st_mtime_ns
    warehouse.versions(SUMMARY, [DAY])
    _replace(warehouse)
    os.utime(folder, ns=(tick, tick))
    assert warehouse.stored(SUMMARY, [DAY])[DAY].fingerprint == "new"


def test_a_file_that_is_no_partition_is_passed_over(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    (warehouse.folder / "nba_test" / "summary" / "notes.parquet").write_text("mine")
    assert list(warehouse.stored(SUMMARY, [DAY])) == [DAY]


@pytest.mark.parametrize("table", REGISTRY.values(), ids=lambda table: table.name)
def test_a_file_tells_others_the_types_of_its_table(tmp_path, table):
    warehouse = LocalWarehouse(tmp_path, [table])
    put(warehouse, table, table.schema.empty_table())
    assert pq.read_schema(warehouse.path(table, DAY)).equals(table.schema)


# Damage ------------------------------------------------------------------------------------------


@pytest.fixture
def file(warehouse: LocalWarehouse) -> Path:
    """The file of a partition with a few rows."""
    rows = rows_of(RAW, *(row for p in "abc" for row in revisions(*HISTORY[:2], player=p)))
    put(warehouse, RAW, rows)
    return warehouse.path(RAW, DAY)


def test_a_deleted_file_is_a_partition_that_was_never_built(warehouse, file):
    file.unlink()
    assert warehouse.stored(RAW, [DAY]) == {}


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, -1, -8, -9, -40])
def test_a_truncated_file_is_known_to_be_damaged(warehouse, file, length):
    file.write_bytes(file.read_bytes()[:length])
    assert not warehouse.stored(RAW, [DAY])[DAY].intact


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, -1, -8, -9, -40])
def test_a_truncated_file_is_never_read(warehouse, file, length):
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(WarehouseError, match=f"^{file} is damaged: the next run builds it again"):
        warehouse.read(RAW, [DAY])


def test_a_damaged_file_is_known_to_be_once_it_was_read_and_stays_until_it_is_replaced(
    warehouse, file
):
    content = bytearray(file.read_bytes())
    content[60] ^= 1
    file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(WarehouseError, match=f"^{file} is damaged: the next run builds it"):
            warehouse.read(RAW, [DAY])
    assert not LocalWarehouse(warehouse.folder, TABLES).stored(RAW, [DAY])[DAY].intact
    assert file.read_bytes() == content
    put(warehouse, RAW, rows_of(RAW))
    assert warehouse.stored(RAW, [DAY])[DAY].intact
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_damaged_file_that_cannot_be_marked_is_to_be_deleted(warehouse, file, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    file.write_bytes(file.read_bytes()[:-9])
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(WarehouseError, match=f"^{file} is damaged: delete it, and the next run"):
        warehouse.read(RAW, [DAY])


def test_a_file_that_a_disk_does_not_give_out_is_not_taken_for_damaged(
    warehouse, file, monkeypatch
):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for module in ("local", "files"):
        monkeypatch.setattr(f"nba_pipeline.warehouse.{module}.rows_of", fail)
    with pytest.raises(WarehouseError, match=r"^cannot read nba_test\.raw: .*Input/output error"):
        warehouse.read(RAW, [DAY])
    assert file.exists()


@pytest.mark.parametrize("other", [(RAW, NEXT_DAY), (SUMMARY, DAY)], ids=["day", "table"])
def test_another_partition_s_file_is_not_taken_for_this_one(warehouse, file, other):
    put(warehouse, other[0], rows_of(other[0]), other[1])
    file.write_bytes(warehouse.path(*other).read_bytes())
    assert not warehouse.stored(RAW, [DAY])[DAY].intact


def test_a_file_of_another_kind_is_never_read(warehouse, file):
    file.write_bytes(b"PAR1" * 100)
    with pytest.raises(WarehouseError, match=f"^{file} is damaged"):
        warehouse.read(RAW, [DAY])


def _flips(file: Path, count: int) -> Iterator[int]:
    """Flips one bit at a time, all over the file; the file is whole again afterwards."""
    whole = file.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // count)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        file.write_bytes(bytes(damaged))
        yield at
    file.write_bytes(whole)


def test_a_flipped_bit_is_told_or_harmless_but_never_read_as_data(warehouse, file):
    expected = warehouse.read(RAW, [DAY], every_revision=True)
    wrong = []
    for at in _flips(file, 600):
        try:
            found = LocalWarehouse(warehouse.folder, TABLES).read(RAW, [DAY], every_revision=True)
        except WarehouseError:
            continue
        if not found.equals(expected):
            wrong.append(at)
    assert wrong == []


def test_a_flipped_bit_never_changes_what_is_known_of_a_partition(warehouse, file):
    expected = warehouse.stored(RAW, [DAY])[DAY]
    found = {
        known
        for _ in _flips(file, 600)
        for known in LocalWarehouse(warehouse.folder, TABLES).stored(RAW, [DAY]).values()
        if known.intact
        for known in [repr(known)]
    }
    assert found == {repr(expected)}


def test_among_many_files_the_damaged_one_is_named(warehouse, file):
    put(warehouse, RAW, rows_of(RAW), NEXT_DAY)
    content = bytearray(file.read_bytes())
    content[60] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(WarehouseError, match=f"^{file} is damaged"):
        warehouse.read(RAW, [DAY, NEXT_DAY])


@pytest.fixture
def three_damaged(warehouse: LocalWarehouse, file: Path) -> list[Path]:
    """A page of two days of one table, and the footer of another table; a third day is whole."""
    rows = rows_of(RAW, *(row for p in "abc" for row in revisions(*HISTORY[:2], player=p)))
    for day in DAYS[1:]:
        put(warehouse, RAW, rows, day)
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    (file.parent / "notes.parquet").write_text("mine")
    harmed = [file, warehouse.path(RAW, NEXT_DAY), warehouse.path(SUMMARY, DAY)]
    for path, at in zip(harmed, (60, 60, -20), strict=True):
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)
    return harmed


def test_whoever_meets_a_damaged_file_is_told_of_all_that_are(warehouse, three_damaged):
    with pytest.raises(WarehouseError) as told:
        warehouse.read(RAW, [DAY])
    names = ", ".join(map(str, three_damaged))
    assert str(told.value) == f"3 files are damaged, {names}: the next run builds them again"


@pytest.mark.usefixtures("three_damaged")
def test_all_that_are_damaged_are_known_to_be_after_the_first_was_met(warehouse):
    with pytest.raises(WarehouseError):
        warehouse.read(RAW, [DAY])
    for seen in (warehouse, LocalWarehouse(warehouse.folder, TABLES)):
        assert [seen.stored(RAW, DAYS)[day].intact for day in DAYS] == [False, False, True]
        assert not seen.stored(SUMMARY, [DAY])[DAY].intact


def test_what_was_told_of_is_not_told_again_to_those_who_read_something_else(
    warehouse, three_damaged
):
    with pytest.raises(WarehouseError):
        warehouse.read(RAW, [DAY])
    with pytest.raises(WarehouseError, match=f"^{three_damaged[2]} is damaged: the next run"):
        warehouse.read(SUMMARY, [DAY])


# Writing -----------------------------------------------------------------------------------------


def versioned(number: int) -> tuple[pa.Table, Stored]:
    """A partition all of whose rows, and whose fingerprint, say which write it is."""
    count = 5_000
    rows = pa.table(
        {
            "player": pa.array([f"player {at}" for at in range(count)]),
            "game_date": pa.array([DAY] * count, pa.date32()),
            "points": pa.array([number] * count, pa.int64()),
            **{name: pa.array([str(number)] * count) for name in ("data_hash", "inputs_hash")},
            "run_id": pa.array([str(number)] * count),
            **{
                name: pa.array([WRITTEN] * count, pa.timestamp("us", tz="UTC"))
                for name in ("created_at", "processed_at")
            },
        },
        schema=SUMMARY.schema,
    )
    return rows, about(rows, fingerprint=str(number))


def kill_writers(folder: Path) -> None:
    """For each number of seconds on standard input: let a writer live that long, then kill it.

    Runs in a process of its own, which has no threads, so that it may fork.
    """
    number = 0
    for line in sys.stdin:
        number += 1_000
        pid = os.fork()
        if pid == 0:
            warehouse = LocalWarehouse(folder, TABLES)
            while True:
                number += 1
                warehouse.replace(SUMMARY, {DAY: versioned(number)})
        time.sleep(float(line))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        print("dead", flush=True)  # noqa: T201 - tells the test to look


@contextmanager
def _killer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "nba_pipeline_tests.unit.warehouse.test_local", str(folder)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process


@pytest.fixture(scope="module")
def survivors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Any, ...]]]:
    """A folder after many killed writers, and what a reader saw after each of them."""
    folder = tmp_path_factory.mktemp("killed") / "warehouse"
    LocalWarehouse(folder, TABLES).replace(SUMMARY, {DAY: versioned(0)})
    moments, seen = random.Random(20211115), []  # noqa: S311 - any moments will do
    with _killer(folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(KILLS):
            process.stdin.write(f"{moments.uniform(0.005, 0.15)}\n")
            process.stdin.flush()
            process.stdout.readline()
            seen.append(_look(LocalWarehouse(folder, TABLES)))
    return folder, seen


def _look(warehouse: LocalWarehouse) -> tuple[Any, ...]:
    """The fingerprint, the number of rows, and which writes the rows are of."""
    rows = warehouse.read(SUMMARY, [DAY])
    known = warehouse.stored(SUMMARY, [DAY])[DAY]
    return known.fingerprint, rows.num_rows, set(rows["points"].to_pylist())


def test_a_killed_writer_leaves_a_whole_partition(survivors):
    _, seen = survivors
    assert seen == [(mark, 5_000, {int(mark)}) for mark, _, _ in seen]


def test_writers_wrote_before_they_were_killed(survivors):
    _, seen = survivors
    assert len({mark for mark, _, _ in seen}) > KILLS / 4


def test_what_killed_writers_left_is_swept_by_the_next_write(survivors):
    folder, _ = survivors
    LocalWarehouse(folder, TABLES).replace(SUMMARY, {DAY: versioned(1)})
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["2021-11-15.parquet"]


@pytest.fixture
def dead_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _stray(warehouse: LocalWarehouse, pid: int) -> Path:
    path = warehouse.folder / ".writing" / f"{pid}-0123abcd-4567.tmp"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half a partition")
    return path


def test_the_temporary_file_of_a_dead_writer_is_swept(warehouse, dead_pid):
    stray = _stray(warehouse, dead_pid)
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert not stray.exists()


def test_what_a_writer_in_a_container_left_is_swept_by_one_of_the_same_number(warehouse):
    stray = _stray(warehouse, os.getpid())
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert not stray.exists()


def test_whoever_writes_anything_sweeps_what_anybody_left(warehouse, dead_pid):
    moment = datetime(2021, 11, 16, tzinfo=UTC)
    row = {"file": "f", "problem": "p", "game_date": DAY, "run_id": "r", "created_at": moment}
    stray, log = _stray(warehouse, dead_pid), QUARANTINED_PAYLOADS
    warehouse.append(log, pa.Table.from_pylist([row], schema=log.schema))
    assert not stray.exists()
    assert warehouse.read_log(log).to_pylist() == [row]


@pytest.mark.parametrize("name", ["notes.tmp", "-1-a.tmp", "x-0123abcd-4567.tmp"])
def test_a_file_somebody_else_put_there_is_left_alone(warehouse, name):
    notes = warehouse.folder / ".writing" / name
    notes.parent.mkdir(parents=True)
    notes.write_text("of a person")
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert notes.read_text() == "of a person"


def test_a_warehouse_deleted_under_its_writer_is_written_anew(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    shutil.rmtree(warehouse.folder)
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    assert warehouse.read(SUMMARY, [DAY]).num_rows == 1


def test_the_temporary_file_of_a_living_writer_is_left_alone(warehouse):
    stray = _stray(warehouse, os.getppid())
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert stray.read_bytes() == b"half a partition"


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    warehouse = LocalWarehouse(tmp_path / "file", TABLES)
    with pytest.raises(WarehouseError) as told:
        put(warehouse, SUMMARY, rows_of(SUMMARY))
    assert str(told.value) == (
        f"cannot write nba_test.summary of 2021-11-15 under {tmp_path / 'file'}: Not a directory"
    )


@pytest.fixture
def full_disk(warehouse: LocalWarehouse, monkeypatch: pytest.MonkeyPatch) -> LocalWarehouse:
    """A warehouse with one partition, on a disk that has just filled up."""

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    monkeypatch.setattr(os, "fsync", no_space)
    return warehouse


def test_a_full_disk_is_told_in_one_sentence(full_disk):
    with pytest.raises(WarehouseError, match=r"of 2021-11-15 under .*: No space left on device$"):
        put(full_disk, SUMMARY, rows_of(SUMMARY, {"player": "b"}))


def test_a_full_disk_leaves_the_old_partition_and_nothing_else(full_disk):
    with pytest.raises(WarehouseError):
        put(full_disk, SUMMARY, rows_of(SUMMARY, {"player": "b"}))
    found = full_disk.read(SUMMARY, [DAY])["player"].to_pylist()
    left = [path.name for path in full_disk.folder.rglob("*") if path.is_file()]
    assert (found, left) == (["a"], ["2021-11-15.parquet"])


# SQL ---------------------------------------------------------------------------------------------


def answer(warehouse: LocalWarehouse, sql: str) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = warehouse.query(sql).to_pylist()
    return found


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_that_holds_nothing_has_its_columns_in_their_types(warehouse, table):
    empty = warehouse.query(f"SELECT * FROM {table.full_name}")
    put(warehouse, table, rows_of(table))
    assert empty.schema.equals(warehouse.query(f"FROM {table.full_name}").schema)


def test_a_column_that_came_later_is_null_in_older_partitions(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    older = rows_of(SUMMARY, {"player": "b", "game_date": NEXT_DAY}).drop_columns("points")
    put(warehouse, SUMMARY, older, NEXT_DAY)
    found = answer(warehouse, "SELECT points FROM nba_test.summary WHERE player = 'b'")
    assert found == [{"points": None}]


def test_a_folder_with_a_quote_in_its_name_can_be_asked(tmp_path):
    warehouse = LocalWarehouse(tmp_path / "it's here", TABLES)
    put(warehouse, SUMMARY, rows_of(SUMMARY, {"player": "a"}))
    assert answer(warehouse, "SELECT player FROM nba_test.summary") == [{"player": "a"}]


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "INSERT INTO nba_test.summary (player) VALUES ('me')",
        "UPDATE nba_test.summary SET points = 0",
        "DELETE FROM nba_test.summary",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE OR REPLACE VIEW nba_test.summary AS SELECT 1",
        "DROP VIEW nba_test.summary",
        "COPY (SELECT 1) TO 'mine.csv'",
        "EXPORT DATABASE 'mine'",
        "ATTACH 'mine.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW nba_test.summary",
    ],
)
def test_anything_but_one_select_is_refused_in_one_sentence(warehouse, sql):
    with pytest.raises(WarehouseError) as told:
        warehouse.query(sql)
    assert str(told.value) == "query takes one SELECT statement and changes nothing"


@pytest.mark.parametrize(
    "place",
    ["read_text('/etc/passwd')", "read_csv('/etc/passwd')", "glob('/etc/*')", "read_blob('{up}')"],
)
def test_a_file_outside_the_warehouse_is_refused_in_one_sentence(warehouse, place):
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    (warehouse.folder.parent / "secret").write_text("secret")
    place = place.format(up=f"{warehouse.folder}/../secret")
    with pytest.raises(WarehouseError, match=r"^the query failed: Permission Error: [^\n]*$"):
        warehouse.query(f"SELECT * FROM {place}")


def test_a_folder_whose_name_begins_alike_is_outside_the_warehouse(warehouse):
    put(warehouse, SUMMARY, rows_of(SUMMARY))
    neighbour = warehouse.folder.with_name(warehouse.folder.name + "_of_others")
    neighbour.mkdir()
    (neighbour / "secret").write_text("secret")
    with pytest.raises(WarehouseError, match="Permission Error"):
        warehouse.query(f"SELECT * FROM read_text('{neighbour / 'secret'}')")


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT nope FROM nba_test.summary", '"nope" not found'),
        ("SELECT * FROM nba_test.nope", "nope does not exist"),
        ("SELECT CAST('x' AS INT)", "Could not convert string 'x'"),
    ],
)
def test_a_query_that_fails_is_told_in_one_line(warehouse, sql, what):
    with pytest.raises(WarehouseError, match=rf"^the query failed: [^\n]*{what}[^\n]*$"):
        warehouse.query(sql)


if __name__ == "__main__":
    kill_writers(Path(sys.argv[1]))
