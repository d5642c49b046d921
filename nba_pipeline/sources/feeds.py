"""The archive format: what a season file must hold, feed by feed.

A feed is one kind of fact as a provider publishes it, before anything is interpreted. Every
source speaks this format: season files hold it as Parquet, the simulated league makes it in
memory. Anyone who can write these columns can feed the pipeline. What the columns become is the
business of ``tables/raw``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_TEXT, _WHOLE, _REAL, _FLAG, _DAY = (
    pa.string(),
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.date32(),
)
_INSTANT = pa.timestamp("us", tz="UTC")

_OF_EVERY_FEED = {
    # Since when what the row says could be known. Where a source leaves it out, by the rules of
    # ``domain/clocks.py``.
    "known_at": _INSTANT,
    # Which of several providers was believed.
    "data_source": _TEXT,
}


@dataclass(frozen=True)
class Feed:
    """One kind of fact as published.

    Attributes:
        name: The feed's name, which is also how its season files begin.
        required: Columns a file must have.
        optional: Columns that are NULL where a file lacks them.
        key: Columns that identify a row; no two rows of a feed share them.
        dated_by: How a row finds its NBA day: ``game_date`` (its own column), ``game_id`` (through
            the schedule) or ``date`` (its own column, for facts that name no nba.com game).
    """

    name: str
    required: dict[str, pa.DataType]
    key: tuple[str, ...]
    dated_by: str = "game_id"
    optional: dict[str, pa.DataType] | None = None

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """Every column of the feed with its type, required ones first."""
        return {**self.required, **(self.optional or {}), **_OF_EVERY_FEED}

    @property
    def schema(self) -> pa.Schema:
        """The feed as an Arrow schema."""
        return pa.schema(list(self.columns.items()))


_GAME = {"season": _TEXT, "season_type": _TEXT, "game_id": _TEXT, "game_date": _DAY}

_COUNTS = dict.fromkeys(
    [
        "pts",
        "reb",
        "ast",
        "stl",
        "blk",
        "tov",
        "pf",
        "fgm",
        "fga",
        "fg3m",
        "fg3a",
        "ftm",
        "fta",
        "oreb",
        "dreb",
        "plus_minus",
    ],
    _WHOLE,
)

SCHEDULE = Feed(
    name="schedule",
    required={
        **_GAME,
        "home_team_abbr": _TEXT,
        "away_team_abbr": _TEXT,
        "home_score": _WHOLE,
        "away_score": _WHOLE,
    },
    optional={
        "status": _TEXT,
        "postponed_status": _TEXT,
        "scheduled_start_utc": _INSTANT,
        "actual_tipoff_utc": _INSTANT,
        "arena_name": _TEXT,
        "arena_city": _TEXT,
        "is_neutral": _FLAG,
        "game_label": _TEXT,
        "periods_played": _WHOLE,
        # Broadcasters that show the game everywhere, separated by commas; empty for none.
        "national_networks": _TEXT,
        # When the fixture was first seen, where that was before the game.
        "first_seen_at": _INSTANT,
        # From which day the fixture was public. Where a file lacks it: the season's first day, or
        # a week before the game where its id is out of date order.
        "fixture_public_from": _DAY,
        # Day of the season's first regular game. Where a file lacks it: as its games show.
        "season_first_day": _DAY,
    },
    key=("game_id",),
    dated_by="game_date",
)

PLAYER_BOX = Feed(
    name="player_box",
    required={
        **_GAME,
        "player_id": _WHOLE,
        "player_name": _TEXT,
        "team_abbr": _TEXT,
        "opponent_abbr": _TEXT,
        "is_home": _FLAG,
        "is_starter": _FLAG,
        "minutes": _WHOLE,
        **_COUNTS,
    },
    key=("game_id", "player_id"),
    dated_by="game_date",
)

TEAM_BOX = Feed(
    name="team_box",
    required={
        **_GAME,
        "team_abbr": _TEXT,
        "opponent_abbr": _TEXT,
        "is_home": _FLAG,
        "minutes": _WHOLE,
        **_COUNTS,
    },
    optional={"tov_individual": _WHOLE},
    key=("game_id", "team_abbr"),
    dated_by="game_date",
)

PLAY_BY_PLAY = Feed(
    name="play_by_play",
    required={
        "game_id": _TEXT,
        "row_order": _WHOLE,
        "event_num": _WHOLE,
        "event_type": _WHOLE,
        "event_action_type": _WHOLE,
        "period": _WHOLE,
        "clock": _TEXT,
        "home_description": _TEXT,
        "neutral_description": _TEXT,
        "visitor_description": _TEXT,
        "score": _TEXT,
        "player1_id": _WHOLE,
        "player1_team_abbr": _TEXT,
        "player2_id": _WHOLE,
        "player2_team_abbr": _TEXT,
        "player3_id": _WHOLE,
        "player3_team_abbr": _TEXT,
        "d_is_fg_attempt": _FLAG,
        "d_is_made": _FLAG,
        "d_is_three": _FLAG,
        "d_shot_distance_ft": _WHOLE,
        "d_assist_player_id": _WHOLE,
        "d_block_player_id": _WHOLE,
    },
    key=("game_id", "row_order"),
)

SHOTS = Feed(
    name="shots",
    required={
        "game_id": _TEXT,
        # The attempt's place among the game's attempts, from 0, in order of time.
        "shot_number": _WHOLE,
        "player_id": _WHOLE,
        "player_name": _TEXT,
        "period": _WHOLE,
        "action_type": _TEXT,
        "shot_type": _TEXT,
        "shot_distance": _WHOLE,
        # Feet from the hoop; x grows to the shooter's right, y towards mid-court.
        "hoop_x_ft": _REAL,
        "hoop_y_ft": _REAL,
        "seconds_left": _WHOLE,
        "shot_made": _FLAG,
        "shot_zone": _TEXT,
    },
    optional={"event_num": _WHOLE},
    # Tip-ins repeat within a second, so a shot is known by its place in the game.
    key=("game_id", "shot_number"),
)

GAME_LINES = Feed(
    name="game_lines",
    required={
        "game_id": _TEXT,
        "open_home_spread": _REAL,
        "close_home_spread": _REAL,
        "open_total": _REAL,
        "close_total": _REAL,
        "home_moneyline": _WHOLE,
        "away_moneyline": _WHOLE,
    },
    key=("game_id",),
)

GAME_LINE_SNAPSHOTS = Feed(
    name="game_line_snapshots",
    required={
        "game_id": _TEXT,
        "snapshot_at": _INSTANT,
        "bookmaker": _TEXT,
        # spreads, totals or h2h
        "market": _TEXT,
        # A team's tricode, Over or Under.
        "outcome": _TEXT,
        "point": _REAL,
        # American odds.
        "price": _WHOLE,
    },
    key=("game_id", "snapshot_at", "bookmaker", "market", "outcome"),
)

PLAYER_PROPS = Feed(
    name="player_props",
    required={
        # The Eastern day the game tips off on.
        "date": _DAY,
        "event_id": _TEXT,
        "home_team": _TEXT,
        "away_team": _TEXT,
        "player_name": _TEXT,
        # As The Odds API names it: player_points, player_rebounds, …; only markets with a line.
        "market": _TEXT,
        "bookmaker": _TEXT,
        # Which of several looks at the market, as published; later ones sort behind earlier ones.
        "snapshot": _TEXT,
        "line": _REAL,
        # Whether both over and under could be taken.
        "is_two_sided": _FLAG,
    },
    optional={
        "commence_time": _INSTANT,
        # When the line stood, where the publisher's clock is one.
        "snapshot_at": _INSTANT,
        # American odds; NULL where a pick'em site has only a placeholder.
        "over_price": _WHOLE,
        "under_price": _WHOLE,
        "player_id": _WHOLE,
    },
    key=("event_id", "player_name", "market", "bookmaker", "snapshot", "line"),
    dated_by="date",
)

OFFICIALS = Feed(
    name="officials",
    required={"game_id": _TEXT, "official": _TEXT},
    key=("game_id", "official"),
)

INJURY_TRANSACTIONS = Feed(
    name="injury_transactions",
    required={
        "source_row": _WHOLE,
        "date": _DAY,
        "team": _TEXT,
        "acquired": _TEXT,
        "relinquished": _TEXT,
        "notes": _TEXT,
    },
    key=("source_row",),
    dated_by="date",
)

INJURY_REPORTS = Feed(
    name="injury_reports",
    required={
        # The day of the game the report is about.
        "date": _DAY,
        "reported_at": _INSTANT,
        "team": _TEXT,
        "player_name": _TEXT,
        # out, doubtful, questionable, probable or available
        "status": _TEXT,
        "reason": _TEXT,
    },
    optional={"away_team_abbr": _TEXT, "home_team_abbr": _TEXT},
    key=("date", "reported_at", "team", "player_name"),
    dated_by="date",
)

PLAYER_LIST = Feed(
    name="player_list",
    required={
        # The day the list was taken.
        "date": _DAY,
        "player_id": _WHOLE,
        "player_name": _TEXT,
        "team_abbr": _TEXT,
        "position": _TEXT,
    },
    optional={
        "jersey_number": _TEXT,
        # Feet and inches, for example 6-8.
        "height": _TEXT,
        # Pounds.
        "weight": _WHOLE,
        "birth_date": _DAY,
        "college": _TEXT,
        "country": _TEXT,
        "draft_year": _WHOLE,
        "draft_round": _WHOLE,
        "draft_number": _WHOLE,
        "from_year": _WHOLE,
        "to_year": _WHOLE,
    },
    key=("date", "player_id"),
    dated_by="date",
)

FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        SCHEDULE,
        PLAYER_BOX,
        TEAM_BOX,
        PLAY_BY_PLAY,
        SHOTS,
        GAME_LINES,
        GAME_LINE_SNAPSHOTS,
        PLAYER_PROPS,
        OFFICIALS,
        INJURY_TRANSACTIONS,
        INJURY_REPORTS,
        PLAYER_LIST,
    )
}
