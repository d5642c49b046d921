"""Computations that answer for some of their cells, and tables with rows on one weekday."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from small_world import DAYS, FIRST, MARKS, SCORES, SECOND, SITS_OUT, UNLUCKY, rows_of, stored

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import Window, all_seasons, reads
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.inputs import dates_to_build, window_dates
from nba_pipeline.engine.logs import PREDICTION_WORKER_RUNS
from nba_pipeline.engine.materialize import materialize
from nba_pipeline.engine.table import FanOut, Partly, Table
from nba_pipeline.engine.variables import Variable

JUDGES = ("kind", "strict")
BY_NAME = {"player": "player_lookup"}


def verdicts(cells):
    """The strict judge is silent about who sat out and breaks over the unlucky."""
    points, judge = cells.one("today")["points"], cells["judge"]
    strict = judge == "strict"
    silent, breaks = strict & (points == SITS_OUT), strict & (points == UNLUCKY)
    kept = ~(silent | breaks)
    return Partly(
        {
            **{name: cells[name][kept] for name in ("game_id", "player_lookup")},
            "judge": judge[kept],
            "game_date": cells["game_date"][kept],
            "points": points[kept],
        },
        abstained=dict.fromkeys(np.flatnonzero(silent).tolist(), "he sat out"),
        broken=dict.fromkeys(np.flatnonzero(breaks).tolist(), "strict: thirteen points"),
    )


def _cells(inputs):
    today = inputs["today"]
    many = len(today["player"])
    return {
        "game_date": np.repeat(today["game_date"], 2),
        "game_id": np.full(2 * many, "game", dtype=object),
        "player_lookup": np.repeat(today["player"], 2),
        "judge": np.array(JUDGES * many, dtype=object),
    }


VERDICTS = Table(
    name="verdicts",
    dataset="nba_test",
    description="Made for tests.",
    entity=("game_id", "player_lookup", "judge"),
    key=("game_id", "player_lookup", "judge"),
    columns=(
        Column("game_id", str, nullable=False),
        Column("player_lookup", str, nullable=False),
        Column("judge", str, nullable=False),
        Column("game_date", date, nullable=False),
        Column("points", int),
    ),
    inputs={"today": reads("marks", "points player", on=BY_NAME)},
    cells=_cells,
    compute=verdicts,
    version=1,
    fan_out=FanOut("player", "TEST_WORKERS", default_workers=2),
    settings=(Variable("MOOD", "how he feels", default="good", words=("good", "bad")),),
    answered_by="judge",
)
TABLES = {"marks": MARKS, "verdicts": VERDICTS}
PUBLISHED = {(FIRST, "ann"): 20, (FIRST, "bob"): SITS_OUT, (FIRST, "cyd"): UNLUCKY}


@pytest.fixture
def run(fake_source, session):
    """``run()`` brings both tables up to date; ``run.source`` is what is published."""
    source = fake_source(SCORES, scores=rows_of(PUBLISHED))

    def bring(**options):
        run_of = session(source, TABLES, **options)
        list(materialize(MARKS, DAYS, run_of))
        return next(iter(materialize(VERDICTS, [FIRST], run_of))), run_of

    bring.source = source
    return bring


@pytest.mark.parametrize("chunk_cells", [1, 2, 3, 64])
def test_whoever_has_an_answer_has_a_row(run, chunk_cells):
    _, session = run(chunk_cells=chunk_cells)
    found = [(row["player_lookup"], row["judge"]) for row in stored(session, "verdicts", [FIRST])]
    assert found == [("ann", "kind"), ("ann", "strict"), ("bob", "kind"), ("cyd", "kind")]


@pytest.mark.parametrize("chunk_cells", [1, 2, 3, 64])
def test_silence_and_failure_are_told_apart(run, chunk_cells):
    report, _ = run(chunk_cells=chunk_cells)
    assert [(o.entity, o.category, o.reason) for o in report.outcomes] == [
        ("game|bob|strict", "INSUFFICIENT_DATA", "he sat out"),
        ("game|cyd|strict", "PROCESSING_ERROR", "strict: thirteen points"),
    ]
    assert (report.rejected, report.failed) == (1, 1)


def test_what_broke_is_tried_again_and_nothing_else(run):
    run()
    report, _ = run()
    assert (report.reused, report.failed) == (5, 1)


def test_silence_is_remembered(run):
    run.source.rows["scores"] = rows_of(PUBLISHED | {(FIRST, "cyd"): 20})
    run()
    report, _ = run()
    assert (report.computed, report.cause) == (0, "unchanged: nothing it reads has changed")


def test_a_changed_setting_of_words_computes_everything(run):
    run()
    report, _ = run(environ={"MOOD": "bad"})
    assert (report.reused, report.failed) == (0, 1)


def test_a_word_that_is_none_of_them_is_refused():
    with pytest.raises(ConfigurationError, match="MOOD=ugly is none of good, bad"):
        VERDICTS.settings_in({"MOOD": "ugly"})


# Who was asked -----------------------------------------------------------------------------------


@pytest.fixture
def asked(run):
    """What runs left in the log, by run and player."""

    def read():
        _, session = run()
        rows = session.warehouse.read_log(PREDICTION_WORKER_RUNS).to_pylist()
        return {(row["run_id"], row["player_lookup"]): row for row in rows}

    return read


def test_every_player_s_judges_are_recorded(asked):
    row = asked()["run-1", "cyd"]
    assert row["systems_attempted"] == ["kind", "strict"]
    assert (row["systems_succeeded"], row["systems_failed"]) == (["kind"], ["strict"])
    assert json.loads(row["system_errors"]) == {"strict": "strict: thirteen points"}
    assert (row["success"], row["predictions_generated"]) == (False, 1)


def test_silence_is_no_failure(asked):
    row = asked()["run-1", "bob"]
    assert (row["success"], row["systems_failed"], row["skip_reason"]) == (True, [], "he sat out")


def test_a_rerun_records_only_who_was_asked_again(asked):
    asked()
    assert [(run, who) for run, who in asked() if run != "run-1"] == [("run-2", "cyd")]


# Windows of one weekday --------------------------------------------------------------------------

A_MONDAY = date(2021, 11, 15)
MONDAYS = Window(-3, -1, weekday=0)


def test_only_its_weekday_sees_anything():
    week = [A_MONDAY + timedelta(n) for n in range(7)]
    assert window_dates(MONDAYS, week) == [A_MONDAY - timedelta(n) for n in (3, 2, 1)]


def test_earlier_seasons_are_read_and_not_built():
    window = all_seasons(100, 0)
    assert window_dates(window, [A_MONDAY])[0] == A_MONDAY - timedelta(100)
    assert dates_to_build(window, [A_MONDAY])[0] == date(2021, 10, 1)


@pytest.fixture
def weekly(fake_source, session):
    """``weekly()`` builds a table of Mondays from Monday to Wednesday."""
    table = replace(
        VERDICTS,
        inputs={"today": reads("marks", "points player", window=Window(0, 0, 0), on=BY_NAME)},
    )
    source = fake_source(SCORES, scores=rows_of(PUBLISHED | {(SECOND, "ann"): 20}))

    def bring():
        run_of = session(source, {**TABLES, "verdicts": table})
        list(materialize(MARKS, DAYS, run_of))
        return {report.date: report for report in materialize(table, DAYS, run_of)}

    bring.source = source
    return bring


def test_other_days_are_empty_and_say_why(weekly):
    built = weekly()
    assert (built[FIRST].rows, built[SECOND].rows) == (4, 0)
    assert built[SECOND].skip_reason == "not_its_weekday"


def test_other_days_stay_true_whatever_changes(weekly):
    before = weekly()[SECOND]
    weekly.source.rows["scores"] = rows_of(PUBLISHED | {(SECOND, "ann"): 21})
    after = weekly()[SECOND]
    assert after.cause == "unchanged: nothing it reads has changed"
    assert after.fingerprint == before.fingerprint
