"""Recorded payloads, read where they lie; none of them is part of the project."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nba_pipeline.sources.parsers import KINDS, Kind, Origin, parse

Row = dict[str, Any]

FETCHED = datetime(2025, 1, 16, 6, tzinfo=UTC)

#: Kind and file of every recorded payload a parser covers.
RECORDED = (
    ("nbac.schedule", "nba_scheduleleaguev2_2024-25.json.gz"),
    ("nbac.schedule", "nba_scheduleleaguev2_2023-24_preseason_capture.json"),
    ("nbac.scoreboard", "nba_scoreboardv3_2025-11-05.json"),
    ("nbac.scoreboard", "nba_scoreboardv2_2024-01-15.json"),
    ("nbac.player_boxscore", "nba_leaguegamelog_players_2025-03-15.json"),
    ("nbac.team_boxscore_v2", "nba_boxscoretraditionalv2_0022400561.json"),
    ("nbac.team_boxscore_v2", "nba_boxscoretraditionalv2_0022100732_period_range.json"),
    ("nbac.team_boxscore", "nba_boxscoretraditionalv3_0022500165.json"),
    ("nbac.team_boxscore", "nba_cdn_live_boxscore_0022000001.json"),
    ("nbac.boxscore_summary", "nba_boxscoresummaryv2_0022100732.json"),
    ("nbac.play_by_play", "nba_playbyplayv2_0021900001.json"),
    ("nbac.play_by_play", "nba_playbyplayv3_0022400001.json"),
    ("nbac.play_by_play", "nba_cdn_live_playbyplay_0022000001.json"),
    ("nbac.play_by_play", "nba_cdn_live_playbyplay_0022400500.json"),
    ("nbac.shots", "nba_shotchartdetail_0022100732_home.json"),
    ("nbac.shots", "nba_shotchartdetail_0022100732_away.json"),
    ("nbac.referee", "nba_referee_assignments_2025-01-08.json"),
    ("nbac.player_list", "nba_playerindex_2025-26.json"),
    ("nbac.injury_report", "nba_injury_report.pdf"),
    ("oddsa.events_history", "odds_api_historical_events_2024-01-25.json"),
    ("oddsa.events_history", "odds_api_historical_events_b.json"),
    ("oddsa.game_lines_history", "odds_api_historical_event_odds_2024-01-25_a.json"),
    ("oddsa.game_lines_history", "odds_api_historical_event_odds_spreads_totals_2024-01-25.json"),
    ("bp.events", "bettingpros_events_2021-10-21.json"),
    ("bdl.box_scores", "balldontlie_box_scores_2024-01-15.json"),
    ("bdl.games", "balldontlie_games.json"),
    ("bdl.injuries", "balldontlie_injuries_2025-07.json"),
    ("espn.roster", "espn_team_roster_bos.json"),
    ("espn.scoreboard", "espn_scoreboard_2024-01-15.json"),
)


def kind_named(title: str) -> Kind:
    return next(kind for kind in KINDS if kind.title == title)


@pytest.fixture(scope="session")
def recorded_bytes(season_files: Path) -> Callable[[str], bytes]:
    """A recorded payload as it came."""

    def read(file: str) -> bytes:
        content = (season_files / "payloads" / file).read_bytes()
        return gzip.decompress(content) if file.endswith(".gz") else content

    return read


@pytest.fixture(scope="session")
def parsed(recorded_bytes: Callable[[str], bytes]) -> Callable[..., Any]:
    """``parsed("nbac.shots", file)``: the rows of a recorded payload, by feed."""

    def read(title: str, file: str) -> Any:
        origin = Origin(file, date(2025, 1, 15), FETCHED)
        return parse(kind_named(title), recorded_bytes(file), origin)

    return read


@pytest.fixture(scope="session")
def season_rows(season_files: Path) -> Callable[..., list[Row]]:
    """``season_rows("player_box_2021_22", "game_id = ?", "0022100732")``: rows of a season file."""

    def ask(file: str, where: str, *values: object) -> list[Row]:
        with duckdb.connect() as database:
            found = database.execute(
                f"select * from '{season_files}/{file}.parquet' where {where}", list(values)
            )
            names: Sequence[str] = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return ask
