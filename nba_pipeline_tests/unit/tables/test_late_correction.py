"""A box score is corrected a week later: exactly the rows whose windows hold it change.

DeMar DeRozan's game of 8 November 2021 gains a free throw. Everything is built again from the
corrected files, beside what was built from the files as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.benchmarks.working import copied
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.sources.archive import Archive
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

CORRECTED, LATER = date(2021, 11, 8), date(2021, 11, 15)
WHO, HIS_ID = "demarderozan", 201942
ROW, INPUTS = 0, 1


def corrected(season_files, folder):
    """The season's files, but for one free throw."""
    folder.mkdir()
    for path in season_files.glob("*_2021_2*.parquet"):
        (folder / path.name).symlink_to(path)
    box = pq.read_table(season_files / "player_box_2021_22.parquet")
    his = pc.and_(
        pc.equal(box["player_id"], HIS_ID), pc.equal(box["game_date"], pa.scalar(CORRECTED))
    )
    assert pc.sum(his).as_py() == 1
    for name in ("pts", "ftm"):
        more = pc.if_else(his, pc.add(box[name], 1), box[name])
        box = box.set_column(box.column_names.index(name), name, more)
    (folder / "player_box_2021_22.parquet").unlink()
    pq.write_table(box, folder / "player_box_2021_22.parquet")
    return Archive(folder)


def rows_of(warehouse, days) -> Iterator[tuple[tuple[str, date, str], tuple[str, str]]]:
    """By table, date and key: digests of the row and of what it was computed from."""
    for table in REGISTRY.values():
        names = dict.fromkeys((*table.key, "game_date", "data_hash", "inputs_hash"))
        for row in warehouse.read(table, days, list(names)).to_pylist():
            key = "|".join(str(row[name]) for name in table.key if not name.endswith("_date"))
            yield (table.name, row["game_date"], key), (row["data_hash"], row["inputs_hash"])


@pytest.fixture(
    scope="module",
    params=["what changed", pytest.param("everything", marks=pytest.mark.slow)],
)
def worlds(request, autumn, season_files, tmp_path_factory):
    """Rows of the week before and after the correction, by building what changed or all anew."""
    folder = tmp_path_factory.mktemp("corrected")
    archive = corrected(season_files, folder / "files")
    if request.param == "what changed":
        copied(autumn.session.warehouse.folder, folder / "warehouse")
    warehouse = LocalWarehouse(folder / "warehouse", list(REGISTRY.values()))
    session = replace(autumn.session, source=archive, warehouse=warehouse)
    for table in REGISTRY.values():
        dates = sorted(autumn.session.warehouse.stored(table, autumn.days))
        refuse_problems(list(materialize(table, dates, session)))
    week = [CORRECTED + timedelta(n) for n in range((LATER - CORRECTED).days + 1)]
    return dict(rows_of(autumn.session.warehouse, week)), dict(rows_of(warehouse, week))


def changed(worlds, part):
    """Keys whose digest of the row (0) or of its inputs (1) is another one now.

    What is forecast stands on a model that learned from every game, and is spoken of apart.
    """
    before, after = worlds
    assert before.keys() == after.keys()
    forecast = REGISTRY["player_points_features"].layer
    return {
        key
        for key, digests in after.items()
        if digests[part] != before[key][part]
        and (REGISTRY[key[0]].layer != forecast or key[0] == "ml_feature_store_v2")
    }


GAME, NEXT_GAME = "20211108_BKN_CHI", "20211115_CHI_LAL"


def test_the_rows_that_change_are_those_that_average_his_points(worlds):
    assert changed(worlds, ROW) == {
        ("nbac_player_boxscores", CORRECTED, f"{GAME}|{WHO}"),
        ("player_game_summary", CORRECTED, f"{GAME}|{WHO}"),
        ("upcoming_player_game_context", LATER, f"{NEXT_GAME}|{WHO}"),
        ("player_daily_cache", LATER, WHO),
        ("ml_feature_store_v2", LATER, f"{WHO}|v1_baseline_25"),
    }


def test_the_rows_looked_at_again_are_those_whose_windows_hold_his_game(worlds):
    # A raw game is one entity; his team's row sums its players; their contexts ask for its stars.
    looked_at = changed(worlds, INPUTS) - changed(worlds, ROW)
    assert {(table, day, key.partition("|")[0]) for table, day, key in looked_at} == {
        ("nbac_player_boxscores", CORRECTED, GAME),
        ("team_offense_game_summary", CORRECTED, GAME),
        ("upcoming_player_game_context", LATER, NEXT_GAME),
    }


def test_the_model_trained_on_the_next_monday_is_another_one(worlds):
    before, after = worlds
    (model,) = [key for key in after if key[0] == "points_model"]
    assert model[1] == LATER
    assert after[model] != before[model]
