"""Explaining a partition or a player: what would happen, what did, and what is seen for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from small_world import (
    DAYS,
    FIRST,
    FORM,
    MARKS,
    SCORES,
    SECOND,
    SITS_OUT,
    TABLES,
    THIRD,
    UNLUCKY,
    World,
    total,
)

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.explain import Explanation, explain


def asked(world: World, table: str, day: date, who: str = "", **options: Any) -> Explanation:
    tables = options.pop("tables", TABLES)
    session = replace(world.fresh_session(**options), tables=tables)
    return explain(tables[table], day, who, session, (FIRST, max(THIRD, day)))


def seen(told: Explanation) -> list[tuple[str, int, bool]]:
    """Input, rows, and whether they are what they were."""
    return [(found.input, found.rows, found.hash == found.was) for found in told.inputs]


# What would happen -------------------------------------------------------------------------------


def test_an_unchanged_player_would_be_reused(world: World) -> None:
    told = asked(world, "form", THIRD, "ann")
    assert (told.decision, told.sentence) == (
        "unchanged",
        "ann in form of 2021-11-17 would be reused: nothing it reads has changed since it was "
        "computed",
    )


def test_a_corrected_player_is_told_with_the_row_and_what_it_was(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    told = asked(world, "form", THIRD, "ann")
    assert told.decision == "input_changed"
    assert told.sentence.startswith(
        "ann in form of 2021-11-17 would be computed again because marks of 2021-11-16: row ann "
        "changed from "
    )
    assert told.sentence.endswith("(points 31, was 30)")


def test_his_teammate_would_be_reused(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    assert asked(world, "form", THIRD, "bob").decision == "unchanged"


def test_a_new_player_is_told_as_new(world: World) -> None:
    world.scores.append({"game_date": THIRD, "player": "cid", "points": 11, "note": ""})
    told = asked(world, "form", THIRD, "cid")
    assert told.decision == "new"
    assert "would be computed for the first time because marks of 2021-11-17" in told.sentence


def test_a_withdrawn_player_would_be_dropped(world: World) -> None:
    world.scores[:] = [row for row in world.scores if row["player"] != "bob"]
    told = asked(world, "form", THIRD, "bob")
    assert told.decision == "gone"
    assert "would be dropped because marks of 2021-11-17: row bob is gone" in told.sentence


def test_a_player_whom_a_rule_turns_away_is_told_with_the_rule(world: World) -> None:
    world.change(SECOND, "ann", points=SITS_OUT)
    told = asked(world, "form", SECOND, "ann")
    assert told.sentence.endswith(
        "it has no row, a rule turns it away: INSUFFICIENT_DATA: ann sits out"
    )


def test_a_player_who_breaks_is_told_with_the_error(world: World) -> None:
    world.change(SECOND, "ann", points=UNLUCKY)
    told = asked(world, "form", SECOND, "ann")
    assert told.sentence.endswith("computing it breaks: ValueError: thirteen points")


def test_a_whole_partition_is_told_with_how_many_it_touches(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    told = asked(world, "form", THIRD)
    assert (told.decision, told.sentence) == (
        "compute",
        "form of 2021-11-17 would be computed: marks changed: 1 of 2 players affected",
    )
    assert [text.partition(":")[0] for text in told.causes] == ["ann"]


def test_a_raised_version_is_told(world: World) -> None:
    told = asked(world, "form", THIRD, "ann", tables={**TABLES, "form": replace(FORM, version=2)})
    assert told.decision == "code_changed"
    assert told.sentence.endswith("because form is now version 2, was 1")


def test_what_stops_a_table_before_it_is_told(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    world.source.breaks("scores", SECOND, "scores.parquet contradicts itself")
    told = asked(world, "form", SECOND)
    assert (told.decision, told.sentence) == (
        "stop",
        "form of 2021-11-16 cannot be computed: scores.parquet contradicts itself",
    )


def test_an_unknown_player_is_refused_with_those_there_are(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asked(world, "form", THIRD, "dan")
    assert str(caught.value) == ("form of 2021-11-17 has no player dan: it has 2, such as ann, bob")


# What is seen ------------------------------------------------------------------------------------


def test_what_an_unchanged_player_reads_is_what_it_was(world: World) -> None:
    told = asked(world, "form", THIRD, "ann")
    assert seen(told) == [("today", 1, True), ("before", 2, True)]


def test_what_a_corrected_player_reads_differs_in_that_input_only(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    told = asked(world, "form", THIRD, "ann")
    assert seen(told) == [("today", 1, True), ("before", 2, False)]


def test_what_it_was_is_what_was_seen_then(world: World) -> None:
    then = asked(world, "form", THIRD, "ann").inputs[1].hash
    world.change(SECOND, "ann", points=31)
    assert asked(world, "form", THIRD, "ann").inputs[1].was == then


def test_rows_that_came_and_went_are_undone_to_say_what_was(world: World) -> None:
    then = asked(world, "form", THIRD, "ann").inputs[1].hash
    world.scores[:] = [
        row for row in world.scores if (row["game_date"], row["player"]) != (FIRST, "ann")
    ]
    told = asked(world, "form", THIRD, "ann").inputs[1]
    assert (told.rows, told.was) == (1, then)


def test_what_a_source_says_is_seen_by_the_rows_it_gave(world: World) -> None:
    then = asked(world, "marks", SECOND, "ann")
    world.change(SECOND, "ann", points=31)
    told = asked(world, "marks", SECOND, "ann")
    assert seen(then) == [("scores", 1, True)]
    assert [(found.table, found.was) for found in told.inputs] == [("scores", then.inputs[0].hash)]
    assert told.inputs[0].hash != told.inputs[0].was


def test_a_whole_partition_sees_every_row_of_its_windows(world: World) -> None:
    assert seen(asked(world, "form", THIRD)) == [("today", 2, True), ("before", 4, True)]


def test_what_was_never_computed_was_nothing(fake_source: Any, session: Any) -> None:
    world = World(fake_source(SCORES, scores=[]), session)
    later = THIRD.replace(day=18)
    world.scores.append({"game_date": later, "player": "ann", "points": 11, "note": ""})
    told = asked(world, "form", later, "ann")
    assert {found.was for found in told.inputs} == {""}


# What happened -----------------------------------------------------------------------------------


def test_the_runs_that_computed_a_player_are_told_newest_first(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    world.run()
    told = asked(world, "form", THIRD, "ann")
    assert [run.run_id for run in told.runs] == ["run-2", "run-1"]
    assert told.runs[0].causes[0].startswith("ann: marks of 2021-11-16: row ann changed from ")
    assert told.runs[1].causes == ("first build of this partition",)


def test_a_run_that_left_a_player_alone_is_not_told(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    world.run()
    assert [run.run_id for run in asked(world, "form", THIRD, "bob").runs] == ["run-1"]


def test_when_a_run_last_looked_is_told(world: World) -> None:
    world.run()
    assert asked(world, "form", THIRD).checked_at == world.session.now


def test_explaining_writes_nothing(world: World) -> None:
    world.change(SECOND, "ann", points=31)
    asked(world, "form", THIRD, "ann")
    assert total(world.plan(days=DAYS), "computed") == 4
    assert asked(world, MARKS.name, SECOND, "ann").decision == "input_changed"
