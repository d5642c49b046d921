"""A game written down play by play, and the recorded season to hold the walks against."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from nba_pipeline.domain.events import (
    Events,
    EventType,
    FreeThrow,
    parse_clock,
    parse_score,
    period_seconds,
)
from nba_pipeline.domain.lineups import Roster

# A first example pays for imports, which says nothing about the code under test.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

AWAY, HOME = "CHI", "LAL"
TEAM_IDS = {AWAY: 1610612741, HOME: 1610612747}


class Plays:
    """Writes a game down in the order it is played.

    Chicago's players are 1 to 9, those of the Lakers 11 to 19. The clock stands where `at` put it.
    """

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._period = 1
        self._clock = period_seconds(1)
        self._score = {AWAY: 0, HOME: 0}

    @property
    def events(self) -> Events:
        columns = [field.name for field in fields(Events)]
        return Events(**{name: [row[name] for row in self._rows] for name in columns})

    def at(self, clock: str) -> Plays:
        self._clock = parse_clock(clock)
        return self

    def next_period(self) -> Plays:
        self._clock = 0
        self._add(EventType.PERIOD_END)
        self._period += 1
        self._clock = period_seconds(self._period)
        return self._add(EventType.PERIOD_START)

    def made(
        self, player: int, *, three: bool = False, feet: float | None = None, assist: int = 0
    ) -> Plays:
        self._score[_team(player)] += 3 if three else 2
        return self._add(
            EventType.MADE_SHOT,
            player,
            assist,
            scores=True,
            is_fg=True,
            made=True,
            three=three,
            distance=feet,
            assist_id=assist,
        )

    def missed(
        self, player: int, *, three: bool = False, feet: float | None = None, block: int = 0
    ) -> Plays:
        return self._add(
            EventType.MISSED_SHOT,
            player,
            0,
            block,
            is_fg=True,
            made=False,
            three=three,
            distance=feet,
            block_id=block,
        )

    def throw(self, player: int, kind: FreeThrow, *, made: bool = True) -> Plays:
        self._score[_team(player)] += made
        return self._add(EventType.FREE_THROW, player, scores=made, action_type=kind)

    def rebound(self, player: int) -> Plays:
        return self._add(EventType.REBOUND, player)

    def team_rebound(self, team: str) -> Plays:
        return self._add(EventType.REBOUND, TEAM_IDS[team], player1_team=None)

    def turnover(self, player: int, *, steal: int = 0) -> Plays:
        return self._add(EventType.TURNOVER, player, steal)

    def foul(self, player: int, *, on: int = 0, action: int = 1) -> Plays:
        return self._add(EventType.FOUL, player, on, action_type=action)

    def timeout(self) -> Plays:
        return self._add(EventType.TIMEOUT)

    def substitution(self, *, out: int, into: int) -> Plays:
        return self._add(EventType.SUBSTITUTION, out, into)

    def all_seen(self, *players: int) -> Plays:
        """Everybody named commits an ordinary foul, which shows him on court."""
        for player in players:
            self.foul(player)
        return self

    def _add(self, kind: EventType, *players: int, scores: bool = False, **columns: Any) -> Plays:
        first, second, third = (*players, 0, 0, 0)[:3]
        row = {
            "event_type": int(kind),
            "action_type": 0,
            "period": self._period,
            "clock_seconds": self._clock,
            "is_fg": False,
            "made": None,
            "three": None,
            "distance": None,
            "assist_id": 0,
            "block_id": 0,
            "away_score": self._score[AWAY] if scores else None,
            "home_score": self._score[HOME] if scores else None,
        }
        for place, player in enumerate((first, second, third), start=1):
            row[f"player{place}_id"] = player
            row[f"player{place}_team"] = _team(player) if player else None
        self._rows.append({**row, **columns})
        return self


def _team(player: int) -> str:
    return AWAY if player < 10 else HOME


@pytest.fixture
def plays() -> Plays:
    """A game of which nothing has been played yet."""
    return Plays()


@pytest.fixture
def roster() -> Roster:
    """Six players a side; the first five start."""
    players = (*range(1, 7), *range(11, 17))
    return Roster(
        player_id=players,
        team=tuple(map(_team, players)),
        is_starter=tuple(player % 10 <= 5 for player in players),
        minutes=tuple(12 if player % 10 <= 5 else 0 for player in players),
    )


@pytest.fixture(scope="session")
def season_files() -> Path:
    """The folder of recorded seasons, which is not part of the project."""
    if named := os.environ.get("NBA_SHARED_DATA"):
        places: Iterable[Path] = (Path(named),)
    else:
        places = (parent / "shared" / "data" for parent in Path(__file__).resolve().parents)
    for place in places:
        if place.is_dir():
            return place
    pytest.skip("no recorded seasons: NBA_SHARED_DATA names no folder and shared/data is not near")


@dataclass(frozen=True)
class RecordedGame:
    """A game as published: the plays, and the box score to compare them with."""

    nba_game_id: str
    game_date: date
    events: Events
    roster: Roster
    box: tuple[dict[str, Any], ...]


ReadGames = Callable[[Iterable[str] | None], list[RecordedGame]]


@pytest.fixture(scope="session")
def read_games(season_files: Path) -> ReadGames:
    """Reads games of 2021-22 by nba.com id, or all of them."""

    def read(nba_game_ids: Iterable[str] | None) -> list[RecordedGame]:
        wanted = None if nba_game_ids is None else [("game_id", "in", sorted(nba_game_ids))]
        plays = _by_game(season_files / "play_by_play_2021_22.parquet", wanted)
        boxes = _by_game(season_files / "player_box_2021_22.parquet", wanted)
        return [_recorded(game_id, plays[game_id], boxes[game_id]) for game_id in plays]

    return read


def _by_game(file: Path, wanted: Any) -> dict[str, list[dict[str, Any]]]:
    games: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(file, filters=wanted).to_pylist():
        games[row["game_id"]].append(row)
    return games


def _recorded(
    nba_game_id: str, plays: list[dict[str, Any]], box: list[dict[str, Any]]
) -> RecordedGame:
    plays.sort(key=lambda play: play["row_order"])
    return RecordedGame(
        nba_game_id=nba_game_id,
        game_date=box[0]["game_date"],
        events=_events(plays),
        roster=Roster(
            player_id=tuple(line["player_id"] for line in box),
            team=tuple(line["team_abbr"] for line in box),
            is_starter=tuple(line["is_starter"] for line in box),
            minutes=tuple(line["minutes"] for line in box),
        ),
        box=tuple(box),
    )


def _events(plays: list[dict[str, Any]]) -> Events:
    scores = [parse_score(play["score"]) if play["score"] else (None, None) for play in plays]

    def column(name: str, missing: Any = None) -> list[Any]:
        return [missing if play[name] is None else play[name] for play in plays]

    return Events(
        event_type=column("event_type"),
        action_type=column("event_action_type"),
        period=column("period"),
        clock_seconds=[parse_clock(play["clock"]) for play in plays],
        player1_id=column("player1_id", 0),
        player1_team=column("player1_team_abbr"),
        player2_id=column("player2_id", 0),
        player2_team=column("player2_team_abbr"),
        player3_id=column("player3_id", 0),
        player3_team=column("player3_team_abbr"),
        is_fg=column("d_is_fg_attempt"),
        made=column("d_is_made"),
        three=column("d_is_three"),
        distance=column("d_shot_distance_ft"),
        assist_id=column("d_assist_player_id", 0),
        block_id=column("d_block_player_id", 0),
        away_score=[away for away, _ in scores],
        home_score=[home for _, home in scores],
    )
