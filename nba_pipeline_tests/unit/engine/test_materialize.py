"""Bringing tables up to date: what is computed, what is left alone, and what bad luck leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from small_world import (
    A_SEASON,
    COMPUTED,
    DAYS,
    FANS,
    FIRST,
    FORM,
    MARKS,
    SCORERS,
    SCORES,
    SECOND,
    SITS_OUT,
    TABLES,
    THIRD,
    UNLUCKY,
    World,
    bring_up_to_date,
    files,
    form,
    marks,
    rows_of,
    stored,
    total,
    versions,
)

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads
from nba_pipeline.engine.errors import DeadlineError
from nba_pipeline.engine.finished import refuse_problems
from nba_pipeline.engine.materialize import BATCH_DATES, materialize
from nba_pipeline.engine.session import Partition
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import REGISTRY

# First builds and reruns -------------------------------------------------------------------------


def test_a_first_build_computes_every_entity(world):
    assert sorted(
        (key, report.computed) for key, report in world.built.items() if key[0] == "form"
    ) == [(("form", day), 2) for day in DAYS]


def test_a_first_build_says_so(world):
    assert {report.cause for report in world.built.values()} == {"first build of this partition"}


def test_rows_hold_what_the_windows_give(world):
    found = [
        (row["game_date"], row["player"], row["points_avg_last_2"], row["games_before"])
        for row in stored(world.session, "form", [THIRD])
    ]
    assert found == [(THIRD, "ann", 25.0, 2), (THIRD, "bob", 6.0, 2)]


def test_a_first_game_has_no_average(world):
    assert [row["points_avg_last_2"] for row in stored(world.session, "form", [FIRST])] == [
        None,
        None,
    ]


def test_reports_come_in_the_order_of_dates(world):
    days = [report.date for report in materialize(MARKS, [THIRD, FIRST, THIRD], world.session)]
    assert days == [FIRST, THIRD]


def test_a_rerun_computes_nothing(world):
    world.run()
    assert COMPUTED == []


def test_a_rerun_counts_everything_as_reused(world):
    again = world.run()
    assert (total(again, "computed"), total(again, "reused")) == (0, 4 * 6)


def test_a_rerun_keeps_every_data_version(world):
    again = world.run()
    assert versions(again) == versions(world.built)


def test_a_rerun_writes_no_file(world):
    before = files(world.session)
    world.run()
    assert files(world.session) == before


def test_a_rerun_says_why_it_did_nothing(world):
    causes = {report.cause for report in world.run().values()}
    assert causes == {"unchanged: nothing it reads has changed"}


def test_more_dates_than_a_batch_holds_are_all_built(fake_source, session):
    days = [FIRST + timedelta(days=at) for at in range(BATCH_DATES + 4)]
    published = rows_of({(day, "ann"): 10 for day in days})
    run = session(fake_source(SCORES, scores=published), TABLES)
    reports = bring_up_to_date(run, days=days)
    assert [reports["form", day].rows for day in days] == [1] * len(days)


# What a change touches ---------------------------------------------------------------------------


def test_a_changed_row_recomputes_its_entity_and_those_whose_windows_hold_it(world):
    world.change(SECOND, "ann", points=31)
    world.run()
    assert sorted(COMPUTED) == [
        ("form", SECOND, "ann"),
        ("form", THIRD, "ann"),
        ("marks", SECOND, "ann"),
        ("scorers", SECOND, "ann"),
    ]


def test_a_changed_row_moves_the_data_versions_it_shows_in(world):
    world.change(SECOND, "ann", points=31)
    again = world.run()
    moved = {key for key, report in again.items() if report.data_version != _old(world, key)}
    assert moved == {("marks", SECOND), ("form", SECOND), ("form", THIRD)}


def _old(world: World, key: tuple[str, date]) -> str:
    return world.built[key].data_version


def test_a_changed_row_is_told_with_the_table_it_came_from(world):
    world.change(SECOND, "ann", points=31)
    causes = world.run()["form", THIRD].cause
    assert causes == "marks changed: 1 of 2 players affected"


def test_rows_of_the_others_stay_as_they_were_written(world):
    world.change(SECOND, "ann", points=31)
    world.run()
    runs = {row["player"]: row["run_id"] for row in stored(world.session, "form", [THIRD])}
    assert runs == {"ann": "run-2", "bob": "run-1"}


def test_a_change_in_a_column_nobody_reads_recomputes_nothing_that_reads(world):
    world.change(SECOND, "ann", note="corrected spelling")
    world.run()
    assert COMPUTED == [("marks", SECOND, "ann")]


def test_a_change_in_a_column_nobody_reads_keeps_the_data_versions_that_read(world):
    world.change(SECOND, "ann", note="corrected spelling")
    again = world.run()
    moved = {key for key, report in again.items() if report.data_version != _old(world, key)}
    assert moved == {("marks", SECOND)}


def test_a_recompute_with_the_same_rows_keeps_the_data_version(world):
    world.change(SECOND, "ann", points=31)
    again = world.run()["scorers", SECOND]
    assert (again.computed, again.data_version) == (1, _old(world, ("scorers", SECOND)))


def test_a_recompute_with_the_same_rows_stops_there(world):
    world.change(SECOND, "ann", points=31)
    before = files(world.session)
    world.run()
    fans_files = {path for path in before if path.parent.name == "fans"}
    assert {path: files(world.session)[path] for path in fans_files} == {
        path: before[path] for path in fans_files
    }


def test_a_change_that_is_reverted_brings_every_data_version_back(world):
    world.change(SECOND, "ann", points=31)
    world.run()
    world.change(SECOND, "ann", points=30)
    assert versions(world.run()) == versions(world.built)


def test_an_added_row_is_computed_as_new(world):
    world.scores.append({"game_date": SECOND, "player": "cid", "points": 11, "note": ""})
    world.run()
    assert {cell for cell in COMPUTED if cell[2] != "cid"} == set()


def test_a_removed_row_is_gone_from_every_table(world):
    world.scores[:] = [row for row in world.scores if row["game_date"] != SECOND]
    world.run()
    found = {name: len(stored(world.session, name, [SECOND])) for name in TABLES}
    assert found == dict.fromkeys(TABLES, 0)


def test_a_removed_row_is_counted_as_gone(world):
    world.scores[:] = [row for row in world.scores if row["player"] != "bob"]
    again = world.run()
    assert [again["form", day].gone for day in DAYS] == [1, 1, 1]


def test_force_computes_everything(world):
    assert total(world.run(force=True), "computed") == 4 * 6


def test_force_keeps_every_data_version(world):
    assert versions(world.run(force=True)) == versions(world.built)


def test_force_leaves_equal_rows_to_the_run_that_wrote_them(world):
    world.run(force=True)
    assert {row["run_id"] for row in stored(world.session, "form")} == {"run-1"}


def test_a_raised_version_recomputes_its_table(world):
    tables = {**TABLES, "form": replace(FORM, version=2)}
    assert {report.cause for report in world.run("form", tables=tables).values()} == {
        "form is now version 2, was 1"
    }


def test_a_changed_list_recomputes_its_table(world):
    tables = {**TABLES, "form": replace(FORM, reviewed={"aliases": "abc"})}
    reports = world.run("form", tables=tables).values()
    assert {report.reused for report in reports} == {0}
    assert all("configuration changed" in report.cause for report in reports)


def test_a_raised_version_with_the_same_rows_stops_there(world):
    tables = {**TABLES, "scorers": replace(SCORERS, version=2)}
    world.run(tables=tables)
    assert {table for table, _, _ in COMPUTED} == {"scorers"}


def _with_shots(cells: Cells) -> Columns:
    columns = marks(cells)
    return {**columns, "shots": np.full(len(columns["player"]), 3)}


GAINED = replace(
    MARKS,
    version=2,
    columns=(*MARKS.columns, Column("shots", int, nullable=False)),
    compute=_with_shots,
)


def test_a_raw_table_that_gains_a_required_column_is_built_again(world):
    world.run("marks", tables={**TABLES, "marks": GAINED})
    found = stored(world.session, "marks")
    assert [row["shots"] for row in found] == [3] * 6


def test_reading_the_same_publication_in_another_way_is_no_correction(world):
    world.run("marks", tables={**TABLES, "marks": GAINED})
    found = world.session.warehouse.read(GAINED, DAYS, every_revision=True).to_pylist()
    assert [(row["revision"], row["known_at_is_estimated"]) for row in found] == [(1, True)] * 6


def test_what_was_corrected_before_keeps_its_history_and_its_moment(world):
    world.change(SECOND, "ann", points=31)
    world.run("marks")
    corrected_at = world.session.now
    world.run("marks", tables={**TABLES, "marks": GAINED})
    found = world.session.warehouse.read(GAINED, [SECOND], every_revision=True).to_pylist()
    ann = [row for row in found if row["player"] == "ann"]
    assert [(row["revision"], row["shots"]) for row in ann] == [(1, None), (2, 3)]
    assert ann[1]["known_at"] == corrected_at


# Inputs that are missing or bad ------------------------------------------------------------------


def test_a_missing_upstream_partition_is_told_in_a_sentence(fake_source, session):
    run = session(fake_source(SCORES, scores=rows_of(A_SEASON)), TABLES)
    bring_up_to_date(run, "marks", days=[FIRST, THIRD])
    reports = bring_up_to_date(run, "form")
    assert reports["form", SECOND].problem == (
        "form of 2021-11-16 reads marks, which has no partition for that date: build it first"
    )


def test_a_missing_upstream_partition_leaves_the_other_dates_built(fake_source, session):
    run = session(fake_source(SCORES, scores=rows_of(A_SEASON)), TABLES)
    bring_up_to_date(run, "marks", days=[FIRST, THIRD])
    reports = bring_up_to_date(run, "form")
    assert [reports["form", day].rows for day in DAYS] == [2, 0, 2]


def test_bad_input_of_one_date_is_told_and_the_other_dates_are_built(fake_source, session):
    source = fake_source(SCORES, scores=rows_of(A_SEASON))
    source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    reports = bring_up_to_date(session(source, TABLES), "marks")
    assert [(report.problem, report.rows) for report in reports.values()] == [
        ("", 2),
        ("scores.parquet contradicts itself", 0),
        ("", 2),
    ]


def test_bad_input_leaves_the_previous_partition_intact(world):
    before = files(world.session)
    world.change(SECOND, "ann", points=31)
    world.source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    world.run("marks")
    assert files(world.session) == before


def test_a_partition_with_bad_input_is_built_once_it_is_repaired(world):
    world.change(SECOND, "ann", points=31)
    world.source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    world.run("marks")
    world.source.breaks("scores", SECOND, "")
    assert world.run("marks")["marks", SECOND].computed == 1


def test_rows_that_break_a_declaration_stop_their_date_only(world):
    tables = {**TABLES, "form": replace(FORM, version=2, compute=_null_for_second)}
    reports = world.run("form", tables=tables)
    assert [reports["form", day].problem for day in DAYS] == [
        "",
        "form.player is NULL for None",
        "",
    ]


def _null_for_second(cells: Cells) -> Columns:
    columns = dict(form(cells))
    columns["player"] = np.where(cells["game_date"] == np.datetime64(SECOND), None, cells["player"])
    return columns


def test_problems_are_raised_together_when_asked_for(world):
    world.source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    world.change(SECOND, "ann", points=31)
    with pytest.raises(Exception, match=r"^scores\.parquet contradicts itself$"):
        refuse_problems(list(world.run("marks").values()))


def test_a_date_outside_every_season_is_told_with_the_seasons_there_are(world):
    reports = world.run("marks", days=[date(2023, 1, 15)])
    assert reports["marks", date(2023, 1, 15)].problem == (
        "2023-01-15 lies outside every season of the fake source "
        "(2021-22: 2021-10-19 to 2022-06-16)"
    )


def test_a_table_out_of_time_writes_nothing(world):
    before = files(world.session)
    world.change(SECOND, "ann", points=31)
    with pytest.raises(DeadlineError, match="marks ran out of time"):
        world.run("marks", deadline_seconds=-1.0)
    assert files(world.session) == before


# Entities that break or are turned away ----------------------------------------------------------


@pytest.fixture
def broken(world: World) -> tuple[World, Partition]:
    """A world in which one entity of one partition breaks."""
    world.change(SECOND, "ann", points=UNLUCKY)
    return world, world.run()["form", SECOND]


def test_a_broken_entity_is_counted_as_failed(broken):
    _, report = broken
    assert (report.failed, report.rejected, report.rows) == (1, 0, 1)


def test_a_broken_entity_is_recorded_with_its_error(broken):
    _, report = broken
    assert [(one.entity, one.category, one.reason) for one in report.outcomes] == [
        ("ann", "PROCESSING_ERROR", "ValueError: thirteen points")
    ]


def test_a_broken_entity_costs_no_other(broken):
    world, _ = broken
    assert [row["player"] for row in stored(world.session, "form", [SECOND])] == ["bob"]


def test_a_partition_with_a_broken_entity_has_no_fingerprint(broken):
    _, report = broken
    assert report.fingerprint == ""


def test_a_broken_entity_is_tried_again_by_the_next_run(broken):
    world, _ = broken
    again = world.run()["form", SECOND]
    assert (COMPUTED, again.cause) == ([("form", SECOND, "ann")], "an entity failed last time")


def test_a_broken_entity_that_heals_completes_its_partition(broken):
    world, _ = broken
    world.change(SECOND, "ann", points=30)
    assert world.run()["form", SECOND].data_version == _old(world, ("form", SECOND))


def test_a_broken_entity_that_heals_brings_the_fingerprint_back(broken):
    world, _ = broken
    world.change(SECOND, "ann", points=30)
    assert world.run()["form", SECOND].fingerprint == world.built["form", SECOND].fingerprint


def test_every_entity_may_break(fake_source, session):
    published = rows_of({(FIRST, "ann"): UNLUCKY, (FIRST, "bob"): UNLUCKY})
    run = session(fake_source(SCORES, scores=published), TABLES)
    report = bring_up_to_date(run, days=[FIRST])["form", FIRST]
    assert (report.failed, report.rows) == (2, 0)


def test_a_raw_row_whose_computation_breaks_is_not_taken_for_withdrawn(world):
    tables = {**TABLES, "marks": replace(MARKS, version=2, compute=_fails)}
    world.run("marks", days=[SECOND], tables=tables)
    every = world.session.warehouse.read(MARKS, [SECOND], every_revision=True)
    assert not any(every["is_retracted"].to_pylist())


def _fails(cells: Cells) -> Columns:
    raise ValueError(f"{len(cells)} players cannot be parsed")


@pytest.fixture
def turned_away(world: World) -> tuple[World, Partition]:
    """A world in which a rule turns one entity of one partition away."""
    world.change(SECOND, "ann", points=SITS_OUT)
    return world, world.run()["form", SECOND]


def test_an_entity_a_rule_turns_away_is_counted_as_rejected(turned_away):
    _, report = turned_away
    assert (report.computed, report.rejected, report.failed, report.rows) == (0, 1, 0, 1)


def test_an_entity_a_rule_turns_away_is_recorded_with_the_rule(turned_away):
    _, report = turned_away
    assert [(one.entity, one.category, one.reason) for one in report.outcomes] == [
        ("ann", "INSUFFICIENT_DATA", "ann sits out")
    ]


def test_an_entity_a_rule_turns_away_is_never_handed_to_compute(turned_away):
    _, report = turned_away
    assert ("form", report.date, "ann") not in COMPUTED


def test_a_rejection_leaves_the_partition_up_to_date(turned_away):
    world, report = turned_away
    again = world.run()["form", SECOND]
    assert (again.reused, again.rejected, again.fingerprint) == (2, 1, report.fingerprint)


def test_a_rejection_is_remembered_when_another_entity_changes(turned_away):
    world, _ = turned_away
    world.change(SECOND, "bob", points=5)
    report = world.run()["form", SECOND]
    assert (report.computed, report.reused, report.rejected) == (1, 1, 1)


def test_a_rejection_ends_with_its_inputs(turned_away):
    world, _ = turned_away
    world.change(SECOND, "ann", points=30)
    report = world.run()["form", SECOND]
    assert (report.rejected, report.data_version) == (0, _old(world, ("form", SECOND)))


# Damaged files -----------------------------------------------------------------------------------


def _file(world: World, name: str, day: date) -> Path:
    return world.session.warehouse.path(TABLES[name], day)


def test_a_deleted_file_is_built_again(world):
    _file(world, "form", SECOND).unlink()
    world.run()
    assert {cell[:2] for cell in COMPUTED} == {("form", SECOND)}


@pytest.mark.parametrize("name", list(TABLES))
def test_a_deleted_file_comes_back_with_its_data_version(world, name):
    _file(world, name, SECOND).unlink()
    assert versions(world.run()) == versions(world.built)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_built_again_with_its_data_version(world, share):
    path = _file(world, "form", SECOND)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    report = world.run()["form", SECOND]
    assert (report.cause, report.data_version) == (
        "the stored file is missing or damaged",
        _old(world, ("form", SECOND)),
    )


def test_a_file_with_a_damaged_footer_is_built_again(world):
    path = _file(world, "form", SECOND)
    _flip(path, at=path.stat().st_size - 40)
    report = world.run()["form", SECOND]
    assert (report.computed, report.data_version) == (2, _old(world, ("form", SECOND)))


def test_a_reader_of_a_file_with_a_damaged_page_is_told_which_file(world):
    path = _file(world, "marks", SECOND)
    _flip(path, at=60)
    tables = {**TABLES, "form": replace(FORM, version=2)}
    report = world.run("form", tables=tables)["form", SECOND]
    assert report.problem.startswith(f"{path} is damaged")


def test_a_reader_of_a_file_with_a_damaged_page_keeps_its_own(world):
    before = files(world.session)
    _flip(_file(world, "marks", SECOND), at=60)
    tables = {**TABLES, "form": replace(FORM, version=2)}
    world.run("form", tables=tables)
    form_file = _file(world, "form", SECOND)
    assert files(world.session)[form_file] == before[form_file]


def test_a_table_is_told_of_every_input_whose_file_is_damaged(world):
    inputs = {
        "today": reads("marks", "points", on="player"),
        "scorers": reads("scorers", "is_scorer", on="player"),
    }
    both = replace(FANS, name="both", inputs=inputs)
    paths = [_file(world, name, SECOND) for name in ("marks", "scorers")]
    for path in paths:
        _flip(path, at=path.stat().st_size - 40)
    report = world.run("both", tables={**TABLES, "both": both}, days=[SECOND])["both", SECOND]
    assert report.problem == "; ".join(
        f"{path} is damaged: the next run builds it again" for path in paths
    )


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(bytes(content))


# Kinds of nothing --------------------------------------------------------------------------------

GAME = {
    "game_date": SECOND,
    "game_id": "0022100200",
    "home_team_abbr": "LAL",
    "away_team_abbr": "CHI",
    "fixture_public_from": date(2021, 10, 19),
    "season_first_day": date(2021, 10, 19),
}
BOX_SCORES = {name: REGISTRY[name] for name in ("nbac_schedule", "nbac_player_boxscores")}


@pytest.mark.parametrize(
    ("games", "day", "reason"),
    [
        ([], SECOND, "no_games"),
        ([], date(2022, 8, 1), "offseason"),
        ([{**GAME, "status": "Scheduled"}], SECOND, "not_yet"),
        ([{**GAME, "status": "Final", "home_score": 103, "away_score": 121}], SECOND, "missing"),
    ],
)
def test_a_partition_without_rows_says_why(fake_source, session, games, day, reason):
    run = session(fake_source(schedule=games), BOX_SCORES)
    report = bring_up_to_date(run, days=[day], tables=BOX_SCORES)["nbac_player_boxscores", day]
    assert (report.rows, report.problem, report.skip_reason) == (0, "", reason)


def test_a_partition_without_rows_is_complete(fake_source, session):
    run = session(fake_source(), BOX_SCORES)
    bring_up_to_date(run, tables=BOX_SCORES)
    again = bring_up_to_date(run, tables=BOX_SCORES)
    assert {report.cause for report in again.values()} == {
        "unchanged: nothing it reads has changed"
    }
