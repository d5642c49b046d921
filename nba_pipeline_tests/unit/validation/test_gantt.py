"""The picture of the phases: every date is on it, and every format can be opened."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from live_night import DAY, Kept
from PIL import Image

from nba_pipeline.engine.timings import Timings, timings_of
from nba_pipeline.tables import REGISTRY
from nba_pipeline.validation.gantt import draw


@pytest.fixture(scope="module")
def timings(whole: Kept) -> Timings:
    first = DAY - timedelta(days=2)
    return timings_of(whole.warehouse, list(REGISTRY.values()), first, DAY)


def test_the_picture_has_every_date_and_every_phase(timings: Timings) -> None:
    text = draw(timings, ".svg").decode()
    # Letters are drawn as outlines, with what they say in a comment.
    said = [line for line in text.splitlines() if line.startswith("    <!--") or "<!--" in line]
    whole = " ".join(said)
    for words in (str(DAY), "raw", "analytics", "precompute", "predictions", "grades", "3→4"):
        assert words in whole


def test_a_date_run_live_says_at_which_time(timings: Timings) -> None:
    assert "from 06:00" in draw(timings, ".svg").decode()


def test_a_schedule_that_was_read_ahead_is_not_where_a_date_begins(timings: Timings) -> None:
    ahead = timedelta(days=10)
    schedule = next(run for run in timings.runs if run["table_name"] == "nbac_schedule")
    early = schedule | {key: schedule[key] - ahead for key in ("started_at", "completed_at")}
    assert draw(replace(timings, runs=[early, *timings.runs]), ".svg").count(b"from 06:00") == (
        draw(timings, ".svg").count(b"from 06:00")
    )


def test_more_dates_make_a_taller_picture(timings: Timings) -> None:
    heights = [
        Image.open(io.BytesIO(draw(shown))).height
        for shown in (replace(timings, cascade=timings.cascade[-1:]), timings)
    ]
    assert heights[0] < heights[1]


def test_nothing_on_record_is_a_picture_that_says_so() -> None:
    assert "No run is on record" in draw(Timings([], []), ".svg").decode()
