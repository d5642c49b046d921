"""Files that rot, are cut, are mixed up or are gone: never read as data, and built again."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from nba_pipeline.engine.errors import PipelineError
from nba_pipeline_tests.faults.tally import Tally, Times
from nba_pipeline_tests.faults.world import NOON, World, build

Harm = Callable[[Path, random.Random], None]


def _flip(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def _cut(path: Path, dice: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(len(content))])


def _blank(path: Path, dice: random.Random) -> None:
    """What a power failure makes of a file whose length was written and whose bytes were not."""
    content = path.read_bytes()
    at = dice.randrange(len(content))
    path.write_bytes(content[:at] + bytes(len(content) - at))


def _delete(path: Path, dice: random.Random) -> None:
    del dice
    path.unlink()


def _delete_table(path: Path, dice: random.Random) -> None:
    del dice
    shutil.rmtree(path.parent)


def _mix_up_days(path: Path, dice: random.Random) -> None:
    shutil.copy(dice.choice([p for p in sorted(path.parent.glob("*.parquet")) if p != path]), path)


def _mix_up_tables(path: Path, dice: random.Random) -> None:
    others = [p for p in sorted(path.parents[1].glob(f"*/{path.name}")) if p != path]
    shutil.copy(dice.choice(others), path)


def _mix_up_shelves(path: Path, dice: random.Random) -> None:
    shelved = path.parents[2] / ".shelf"
    files = sorted(shelved.rglob("*.arrow"))
    for file in dice.sample(files, len(files) // 2):
        shutil.copy(dice.choice([other for other in files if other != file]), file)


def _rot_on_the_shelf(path: Path, dice: random.Random) -> None:
    for file in sorted((path.parents[2] / ".shelf").rglob("*.arrow"))[::3]:
        dice.choice([_flip, _cut, _blank, _delete])(file, dice)


HARMS: dict[str, tuple[Harm, int]] = {
    # What is done, and to how many files at once.
    "a table's folder deleted by hand": (_delete_table, 1),
    "a bit flipped": (_flip, 8),
    "a file cut short": (_cut, 6),
    "a file ends in zeros": (_blank, 4),
    "a file deleted by hand": (_delete, 6),
    "another day's file in its place": (_mix_up_days, 3),
    "another table's file in its place": (_mix_up_tables, 3),
    "files left for the next run mixed up": (_mix_up_shelves, 1),
    "files left for the next run rotten": (_rot_on_the_shelf, 1),
}


def _files(warehouse: Path, dice: random.Random) -> Iterator[Path]:
    """Stored partitions in any order, each once."""
    files = sorted(p for p in warehouse.rglob("*.parquet") if p.parents[1].name != "nba_processing")
    dice.shuffle(files)
    yield from files


def heal(world: World, warehouse: Path) -> list[str]:
    """Run and read until nothing is wrong any more; what was told on the way, each thing once.

    A run reads what it computes from, and no more: what rots beside that is found by whoever reads
    it, and built again by the run after that.
    """
    told: list[str] = []
    for at in range(1, 400):
        session = world.session(warehouse, "early", NOON + timedelta(hours=at))
        try:
            problems = build(session, world.days)
            if not problems:
                world.compared(warehouse, "early")
                return told
        except PipelineError as error:
            problems = [str(error)]
        assert problems[0] not in told, "what was told of once is not healed by the next run"
        told.append(problems[0])
    raise AssertionError("it never heals")


def test_what_is_harmed_is_healed_and_never_read_as_data(
    world: World, warehouse: Path, times: Times, tally: Tally, dice: random.Random
) -> None:
    for _ in range(times(1, 8, 2)):
        # What is left for the next run is of these very files, and so it would be believed.
        assert build(world.session(warehouse, "early", force=True), world.days) == []
        files = _files(warehouse, dice)
        for harm, (do, count) in HARMS.items():
            for path in itertools.islice((path for path in files if path.exists()), count):
                tally.injects(harm)
                do(path, dice)
        told = heal(world, warehouse)
        # Of a table that failed over many dates each is tried again: then damaged means missing.
        known = ("the next run builds it again", "builds them again", "build it first")
        assert [each for each in told if not each.endswith(known)] == []
        found = world.compared(warehouse, "early")
        for harm, (_, count) in HARMS.items():
            tally.survives(harm, found, count)
