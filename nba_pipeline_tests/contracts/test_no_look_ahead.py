"""What is known before tip-off does not change when the games are played.

Each pre-game table is built for one real date in two worlds: the morning after, with every result
of the date and of the days that follow, and the evening before, where the games of the date and of
all later ones are not played yet. Both must give the same bytes. So it is with what is published
of a game before it: the league's injury reports of after tip-off are in the first world only.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.domain.calendar import instant
from nba_pipeline.engine.declared_inputs import Window
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.hashing import partition_version
from nba_pipeline.engine.history import partitions_needed
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY

# Season day 20: past the bootstrap, ten games, a few teams the second night in a row.
NIGHT = date(2021, 11, 8)
AFTERMATH = timedelta(days=3)

_PRE_GAME_LAYERS = ("precompute", "predictions")
_GRADING = ("prediction_accuracy", "system_daily_performance")
PRE_GAME = [
    table
    for table in REGISTRY.values()
    if (table.layer in _PRE_GAME_LAYERS and table.name not in _GRADING)
    or table.name.startswith("upcoming_")
    or table.name == "player_availability"
]

_RESULTS = ("player_box", "team_box", "play_by_play", "shots")


#: Of the night's game that begins first, at 19:00 Eastern; who, when and what his status is.
EVENING_BEFORE = instant(NIGHT - timedelta(days=1), 17)
REPORTED = (
    ("Joel Embiid", "PHI", EVENING_BEFORE, "questionable"),
    ("Joel Embiid", "PHI", instant(NIGHT, 17), "doubtful"),
    ("Tyrese Maxey", "PHI", EVENING_BEFORE, "probable"),
)
TOO_LATE = (
    ("Joel Embiid", "PHI", instant(NIGHT, 23), "available"),
    ("Tyrese Maxey", "PHI", instant(NIGHT, 23), "out"),
    ("Julius Randle", "NYK", instant(NIGHT, 23), "out"),
)


def _reports(folder: Path, said: tuple[tuple[str, str, datetime, str], ...]) -> None:
    """A season file of injury reports on the night's games."""
    rows = [
        {
            "date": NIGHT,
            "reported_at": at.astimezone(UTC),
            "team": team,
            "player_name": name,
            "status": status,
            "reason": "Injury/Illness - Right Knee; Soreness",
        }
        for name, team, at, status in said
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "injury_reports_2021_22.parquet")


def _world(season_files: Path, folder: Path, last_result: date) -> Path:
    """The season's files as they would be with results up to a day and fixtures beyond it."""
    folder.mkdir()
    schedule = pq.read_table(season_files / "schedule_2021_22.parquet")
    played = pc.less_equal(schedule["game_date"], pa.scalar(last_result))
    for name in ("home_score", "away_score"):
        known = pc.if_else(played, schedule[name], pa.scalar(None, schedule[name].type))
        schedule = schedule.set_column(schedule.column_names.index(name), name, known)
    status = pc.if_else(played, pa.scalar("Final"), pa.scalar("Scheduled"))
    pq.write_table(schedule.append_column("status", status), folder / "schedule_2021_22.parquet")
    games = schedule.filter(played)["game_id"].combine_chunks()
    for path in sorted(season_files.glob("*_2021_2*.parquet")):
        if path.name.startswith("schedule_"):
            continue
        rows = pq.read_table(path)
        if path.name.startswith(_RESULTS):
            rows = rows.filter(pc.is_in(rows["game_id"], games))
        elif path.name.startswith("injury_"):
            rows = rows.filter(pc.less_equal(rows["date"], pa.scalar(max(last_result, NIGHT))))
        pq.write_table(rows, folder / path.name)
    return folder


def _build(session_in, archive: Path, folder: Path, tables=REGISTRY):
    """Everything that the night's pre-game tables stand on, and those tables themselves."""
    session = session_in(folder, Archive(archive), tables)
    wanted = [tables[table.name] for table in PRE_GAME]
    needed = partitions_needed(wanted, NIGHT, tables, date(2021, 10, 19))
    for name, dates in needed.items():
        refuse_problems(list(materialize(tables[name], dates, session)))
    return session


def _versions(session) -> dict[str, str]:
    return {
        table.name: session.warehouse.stored(table, [NIGHT])[NIGHT].data_version
        for table in PRE_GAME
    }


@pytest.fixture(scope="module")
def worlds(season_files, tmp_path_factory):
    """Two archives: results up to the evening before, and up to some days after."""
    folder = tmp_path_factory.mktemp("worlds")
    before = _world(season_files, folder / "before", NIGHT - timedelta(days=1))
    after = _world(season_files, folder / "after", NIGHT + AFTERMATH)
    _reports(before, REPORTED)
    _reports(after, REPORTED + TOO_LATE)
    return before, after


@pytest.fixture(scope="module")
def sessions(worlds, session_in, tmp_path_factory):
    """The night, built in both worlds."""
    folder = tmp_path_factory.mktemp("warehouses")
    return [_build(session_in, archive, folder / archive.name) for archive in worlds]


@pytest.fixture(scope="module")
def versions(sessions):
    """The data versions of the night's partitions in both worlds."""
    return [_versions(session) for session in sessions]


@pytest.mark.parametrize("name", [table.name for table in PRE_GAME])
def test_results_of_the_night_and_later_change_no_byte(versions, name):
    before, after = versions
    assert before[name] == after[name]


@pytest.mark.parametrize("name", [table.name for table in PRE_GAME])
def test_the_night_has_rows_to_compare(versions, name):
    nothing = partition_version(
        pa.table({"key": pa.array([], pa.string())}), pa.array([], pa.string())
    )
    assert versions[0][name] != nothing


@pytest.mark.parametrize("world", [0, 1], ids=["before", "after"])
def test_the_last_status_before_tip_off_reaches_the_features(sessions, world):
    warehouse = sessions[world].warehouse
    context = warehouse.read(REGISTRY["upcoming_player_game_context"], [NIGHT]).to_pylist()
    told = {row["player_lookup"]: row for row in context}
    assert told["joelembiid"]["player_status"] == "doubtful"
    assert told["tyresemaxey"]["player_status"] == "probable"
    assert told["tobiasharris"]["probable_teammates"] == 1
    assert told["juliusrandle"]["player_status"] == "available"
    features = warehouse.read(REGISTRY["ml_feature_store_v2"], [NIGHT]).to_pylist()
    risk = {
        row["player_lookup"]: dict(zip(row["feature_names"], row["features"], strict=True))
        for row in features
    }
    assert risk["joelembiid"]["injury_risk"] == 3
    assert risk["tyresemaxey"]["injury_risk"] == 1


def test_a_window_that_is_one_day_too_wide_is_caught(
    worlds, sessions, session_in, tmp_path_factory, versions
):
    table = REGISTRY["player_shot_zone_analysis"]
    name = next(n for n, read in table.inputs.items() if read.window == Window(None, -1))
    wide = replace(table.inputs[name], window=Window(None, 0))
    broken = {
        **REGISTRY,
        table.name: replace(table, inputs={**table.inputs, name: wide}),
    }
    # What the window does not touch is there already.
    folder = tmp_path_factory.mktemp("broken") / "warehouse"
    shutil.copytree(sessions[1].warehouse.folder, folder)
    session = _build(session_in, worlds[1], folder, broken)
    built = session.warehouse.stored(table, [NIGHT])[NIGHT].data_version
    assert built != versions[0][table.name]
