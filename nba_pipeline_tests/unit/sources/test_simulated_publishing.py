"""What the simulated league lands reads back as what it is, and says nothing too early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from nba_pipeline.domain.calendar import morning_after
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.landed import Landed
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.parsers import KINDS, Origin, UnknownPayloadError, parse
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.sources.simulated.publishing import publish

OPENING = date(2025, 10, 21)
DAYS = [OPENING + timedelta(days=step) for step in range(3)]
#: What only a fetch can say of a row.
OF_A_FETCH = {"known_at", "data_source", "first_seen_at"}


@pytest.fixture(scope="module")
def league() -> SimulatedLeague:
    return SimulatedLeague()


@pytest.fixture(scope="module")
def zone(league: SimulatedLeague, tmp_path_factory: pytest.TempPathFactory) -> LandingZone:
    landing = LandingZone(tmp_path_factory.mktemp("landing"))
    assert publish(league, DAYS, landing) > 0
    return landing


@pytest.fixture
def landed(zone: LandingZone) -> Landed:
    return Landed(zone)


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_what_has_landed_is_in_the_end_what_the_league_says(
    feed: str, league: SimulatedLeague, landed: Landed
) -> None:
    told, meant = landed.read(feed, DAYS), league.read(feed, DAYS)

    kept = [name for name in meant.column_names if name not in OF_A_FETCH]
    assert told.select(kept).equals(meant.select(kept))
    assert not landed.set_aside


def test_the_season_is_known_from_its_first_noon(league: SimulatedLeague, landed: Landed) -> None:
    season, drawn = landed.calendar().seasons[0], league.calendar().seasons[0]

    assert (season.first_day, season.regular_last_day) == (OPENING, drawn.regular_last_day)


def test_publishing_again_lands_nothing(league: SimulatedLeague, zone: LandingZone) -> None:
    assert publish(league, DAYS[:1], zone) == 0


def test_results_are_known_since_the_morning_after_and_lines_since_the_game_began(
    landed: Landed,
) -> None:
    assert set(landed.read("player_box", DAYS[:1])["known_at"].to_pylist()) == {
        morning_after(OPENING)
    }
    starts = _by_game(landed.read("schedule", DAYS), "scheduled_start_utc")
    assert _by_game(landed.read("game_lines", DAYS), "known_at") == starts


def test_a_corrected_game_lands_twice_and_only_what_changed_is_news(
    league: SimulatedLeague, tmp_path: Path
) -> None:
    day = next(day for day in _days_from(OPENING) if league.corrected_at(day))
    landing = LandingZone(tmp_path)
    publish(league, [OPENING, day] if day != OPENING else [day], landing)

    landings = landing.payloads("simulated", "player_box", [day])
    corrections = league.corrected_at(day)
    assert [payload.fetched_at for payload in landings] == [morning_after(day), *corrections]
    rows = Landed(landing).read("player_box", [day])
    late = rows.filter(pc.is_in(rows["known_at"], pa.array(corrections, rows["known_at"].type)))
    assert 0 < late.num_rows < rows.num_rows
    told = [name for name in rows.column_names if name not in OF_A_FETCH]
    first = league.at(morning_after(day)).read("player_box", [day])
    assert not first.select(told).equals(rows.select(told))


def test_a_schedule_of_games_to_come_knows_no_score(zone: LandingZone) -> None:
    for payload in zone.payloads("simulated", "schedule"):
        if payload.name == "news":
            rows = pq.read_table(pa.BufferReader(zone.read(payload)))
            assert rows["home_score"].null_count == rows.num_rows
            assert pc.min(rows["game_date"]).as_py() >= payload.day


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>sorry</html>", "is no Parquet file"),
        (None, "lacks official of officials"),
    ],
)
def test_a_payload_that_is_no_such_feed_is_named(content: bytes | None, problem: str) -> None:
    (kind,) = (kind for kind in KINDS if kind.title == "simulated.officials")
    if content is None:
        written = pa.BufferOutputStream()
        pq.write_table(pa.table({"game_id": ["0022500001"]}), written)
        content = written.getvalue().to_pybytes()

    with pytest.raises(UnknownPayloadError, match=problem):
        parse(kind, content, Origin("officials.parquet", OPENING, morning_after(OPENING)))


def _days_from(first: date) -> Iterable[date]:
    return (first + timedelta(days=step) for step in range(60))


def _by_game(rows: pa.Table, column: str) -> dict[str, object]:
    return dict(zip(rows["game_id"].to_pylist(), rows[column].to_pylist(), strict=True))
