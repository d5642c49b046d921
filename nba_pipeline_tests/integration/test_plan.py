"""``plan`` in the terminal: what it says is what the backfill then does, and it writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

FIRST, DAY = date(2021, 11, 14), date(2021, 11, 15)
TABLES = "+player_game_summary"
FIELDS = {
    *("table", "date", "decision", "causes"),
    *("new", "input_changed", "code_changed", "unchanged", "gone"),
}

Counts = dict[tuple[str, str], tuple[int, ...]]


def said(answer: Any) -> Counts:
    """By table and date, what a plan says of its entities."""
    assert answer.code == 0, answer.err
    return {
        (part["table"], part["date"]): (
            part["new"] + part["input_changed"] + part["code_changed"] - _newly_rejected(part),
            part["unchanged"],
        )
        for part in answer.json["partitions"]
    }


def _newly_rejected(part: Mapping[str, Any]) -> int:
    computing = part["new"] + part["input_changed"] + part["code_changed"]
    return computing - part["computed"]


def done(answer: Any) -> Counts:
    """By table and date, what a run did."""
    assert answer.code == 0, answer.err
    return {
        (part["table"], part["date"]): (part["computed"], part["reused"])
        for part in answer.json["partitions"]
    }


def corrected(archive: Path, into: Path) -> Path:
    """The same season files with a steal more for one player of ``FIRST`` and for his team."""
    shutil.copytree(archive, into)
    box, team = into / "player_box_2021_22.parquet", into / "team_box_2021_22.parquet"
    rows = pq.read_table(box)
    at = pc.index(pc.equal(rows["game_date"], pa.scalar(FIRST)), True).as_py()
    who = rows.slice(at, 1).to_pylist()[0]
    _add(box, "stl", {"game_id": who["game_id"], "player_id": who["player_id"]})
    _add(team, "stl", {"game_id": who["game_id"], "team_abbr": who["team_abbr"]})
    return into


def _add(path: Path, column: str, key: Mapping[str, Any]) -> None:
    rows = pq.read_table(path)
    is_meant = pa.array([True] * rows.num_rows)
    for name, value in key.items():
        is_meant = pc.and_(is_meant, pc.equal(rows[name], pa.scalar(value, rows[name].type)))
    more = pc.add(rows[column], pc.cast(is_meant, rows[column].type))
    pq.write_table(rows.set_column(rows.column_names.index(column), column, more), path)


@pytest.fixture(scope="module")
def story(archive: Path, tmp_path_factory: pytest.TempPathFactory, terminal_in: Any) -> Any:
    """A plan and a run of two days from nothing, the same with a correction, and its plan again."""
    home = terminal_in(tmp_path_factory.mktemp("planned"), NBA_FIRST_DAY=FIRST.isoformat())
    late = corrected(archive, tmp_path_factory.mktemp("late") / "archive")
    which = ("--from", FIRST.isoformat(), "--to", DAY.isoformat(), "--select", TABLES)
    days = (*which, "--json", "--archive")
    told = {"first plan": home.inside("plan", *days, str(archive))}
    told["nothing there"] = sorted(path.name for path in home.folder.iterdir())
    told["first run"] = home("backfill", *days, str(archive))
    before = home.files()
    told["plan"] = home.inside("plan", *days, str(late))
    told["nothing moved"] = home.files() == before
    told["text"] = home.inside("plan", *which, "--archive", str(late))
    explained = ("explain", "nbac_player_boxscores", "--date", FIRST.isoformat())
    who = _named(told["plan"])
    told["why"] = home.inside(*explained, "--player", who, "--archive", str(late), "--json")
    told["nobody"] = home.inside(*explained, "--player", "nobody", "--archive", str(late))
    told["run"] = home.inside("backfill", *days, str(late))
    told["why then"] = home.inside(*explained, "--player", who, "--archive", str(late))
    told["plan after"] = home.inside("plan", *which, "--archive", str(late))
    return told


def _named(plan: Any) -> str:
    """The entity that a plan names in the box scores."""
    for part in plan.json["partitions"]:
        if part["table"] == "nba_raw.nbac_player_boxscores" and part["entities"]:
            return part["entities"]["input_changed"][0]
    raise AssertionError("the plan names no box score")


def test_a_first_build_is_foreseen(story: Any) -> None:
    assert said(story["first plan"]) == done(story["first run"])


def test_a_plan_of_a_first_build_leaves_nothing_behind(story: Any) -> None:
    assert story["nothing there"] == []


def test_every_partition_has_the_documented_fields(story: Any) -> None:
    assert {
        field for part in story["plan"].json["partitions"] for field in FIELDS - set(part)
    } == set()


def test_a_correction_is_foreseen_to_the_entity(story: Any) -> None:
    assert said(story["plan"]) == done(story["run"])


def test_a_plan_names_the_partitions_and_the_players(story: Any) -> None:
    busy = {
        (part["table"], part["date"]): part["entities"]
        for part in story["plan"].json["partitions"]
        if part["decision"] == "compute"
    }
    raw = busy["nba_raw.nbac_player_boxscores", FIRST.isoformat()]
    assert [len(names) for names in raw.values()] == [1]
    assert ("nba_raw.nbac_player_boxscores", DAY.isoformat()) not in busy


def test_a_plan_of_a_correction_moves_no_file(story: Any) -> None:
    assert story["nothing moved"]


def test_data_versions_are_foreseen(story: Any) -> None:
    versions = [
        {
            (part["table"], part["date"]): part["data_version"]
            for part in story[which].json["partitions"]
        }
        for which in ("plan", "run")
    ]
    assert versions[0] == versions[1]


def test_a_person_is_told_in_sentences(story: Any) -> None:
    assert "2021-11-14 nbac_player_boxscores: player_box changed: 1 of " in story["text"].out
    assert "partitions would be reused as they are" in story["text"].out


def test_a_plan_after_the_run_has_nothing_to_do(story: Any) -> None:
    assert "nothing to do" in story["plan after"].out


def test_an_entity_is_explained_with_what_each_input_was(story: Any) -> None:
    told = story["why"].json
    assert set(told) >= {"table", "date", "entity", "decision", "sentence", "inputs"}
    assert told["decision"] == "input_changed"
    assert told["sentence"].endswith("(steals 1, was 0)")
    box = next(seen for seen in told["inputs"] if seen["table"] == "player_box")
    assert set(box) >= {"table", "rows", "hash", "was"}
    assert box["hash"] != box["was"]


def test_a_past_run_is_explained_with_what_it_saw(story: Any) -> None:
    lines = story["why then"].out.splitlines()
    assert "would be reused" in lines[0]
    assert "player_box of 2021-11-14: row" in lines[1]
    assert "first build" in lines[2]


def test_an_entity_that_is_not_there_is_one_sentence(story: Any) -> None:
    assert story["nobody"].code == 2
    assert len(story["nobody"].sentences) == 1
    assert "has no game nobody" in story["nobody"].sentences[0]
