"""What a learned points model sees of a player before his game, beyond the 25 features.

One row per player expected to play, from the season's first day on. Long windows and means that
fade with age say how much he scores, shoots and plays; the last group says what falls to him
tonight because team-mates are probably missing who have not been missing of late. The same rows are
read twice: tonight's to predict from, past ones, joined with what happened, to learn from.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nba_pipeline.domain.absence import LISTED_PLAYERS, TeamGames, chance_out
from nba_pipeline.domain.rounding import FloatArray, ratio, rounded
from nba_pipeline.domain.team_games import team_mates
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.table import FailureCategory, FanOut, Gate, Table, each
from nba_pipeline.engine.windows import Array, Cells, Columns, Slices
from nba_pipeline.tables.player_games import rows_of
from nba_pipeline.tables.points_features import DECIMALS, FEATURES, HALF_LIVES

#: A team-mate counts while he appeared in one of this many of the team's last games, and in full
#: from this many games on.
ROSTER_GAMES, FULL_GAMES = 10, 5

#: Games of his own that what is missing tonight is compared with.
OWN_GAMES = 10

#: Games of a team behind its ratings and pace.
TEAM_GAMES = 15

# What an absent player leaves behind: our stem = the summary's column.
MEASURES = {"minutes": "minutes_played", "points": "points", "shots": "fg_attempts"}

# Our stem = the summary's column.
FADING = {
    "points": "points",
    "minutes": "minutes_played",
    "shots": "fg_attempts",
    "free_throws": "ft_attempts",
    "threes": "three_pt_attempts",
    "turnovers": "turnovers",
    "assists": "assists",
    "rebounds": "total_rebounds",
    "plus_minus": "plus_minus",
    "starts": "starter_flag",
}

INPUTS = {
    "games": reads("nbac_schedule", "game_id game_status", on={"game_id": "player_lookup"}),
    "tonight": reads(
        "upcoming_player_game_context",
        "player_lookup game_id team_abbr opponent_team_abbr season_year home_game days_rest",
        on="player_lookup game_id",
    ),
    "slate": reads(
        "upcoming_player_game_context",
        "player_lookup player_status has_prop_line",
        on="game_id team_abbr",
    ),
    "summaries": reads(
        "player_game_summary",
        " ".join(sorted({*FADING.values()})),
        window=history(),
        on="player_lookup season_year",
    ),
    "teammates": reads(
        "player_game_summary",
        "player_lookup " + " ".join(MEASURES.values()),
        window=history(),
        on="team_abbr season_year",
    ),
    "team_games": reads(
        "team_offense_game_summary",
        "pace offensive_rating",
        window=history(),
        on="team_abbr season_year",
    ),
    "opponent_games": reads(
        "team_defense_game_summary",
        "defensive_rating opponent_pace",
        window=history(),
        on={"defending_team_abbr": "opponent_team_abbr", "season_year": "season_year"},
    ),
}

COLUMNS = (
    Column("player_lookup", str, "normalised name", nullable=False),
    Column("game_id", str, "YYYYMMDD_AWAY_HOME", nullable=False),
    Column("game_date", date, "NBA day, US Eastern", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column("chance_out", float, "how likely he does not play", decimals=DECIMALS, nullable=False),
    *(Column(name, float, what, decimals=DECIMALS) for name, what in FEATURES.items()),
)


def compute(cells: Cells) -> Columns:
    """His own games, both teams' ratings, and what tonight's absences leave to him."""
    tonight, played = cells.one("tonight"), cells.window("summaries")
    team = cells.window("team_games").last(TEAM_GAMES)
    opponent = cells.window("opponent_games").last(TEAM_GAMES)
    found = {
        **_own(played),
        "is_home": tonight["home_game"],
        "days_rest": tonight["days_rest"],
        "team_pace": team.mean("pace"),
        "team_off_rating": team.mean("offensive_rating"),
        "opponent_pace": opponent.mean("opponent_pace"),
        "opponent_def_rating": opponent.mean("defensive_rating"),
        **_absences(cells, played),
    }
    return {
        "player_lookup": cells["player_lookup"],
        "game_id": cells["game_id"],
        "game_date": cells["game_date"],
        "team_abbr": cells["team_abbr"],
        **{name: rounded(found[name], DECIMALS) for name in ("chance_out", *FEATURES)},
    }


def _own(played: Slices) -> Columns:
    """Levels, plain and fading, and rates."""
    fading = {games: _fading(played, games) for games in HALF_LIVES}
    last_5, last_10, last = played.last(5), played.last(10), played.last(1)
    plays = fading[8]["shots"] + 0.44 * fading[8]["free_throws"] + fading[8]["turnovers"]
    return {
        "games_played": played.count().astype(np.float64),
        "points_mean_season": played.mean("points"),
        "points_mean_last_5": last_5.mean("points"),
        "points_mean_last_10": last_10.mean("points"),
        "points_std_last_10": last_10.sample_std("points"),
        "minutes_mean_season": played.mean("minutes_played"),
        "minutes_mean_last_5": last_5.mean("minutes_played"),
        "minutes_last_game": last.mean("minutes_played"),
        "shots_mean_season": played.mean("fg_attempts"),
        "started_last_game": last.mean("starter_flag"),
        **{f"{stem}_fading_{n}": fading[n][stem] for n in HALF_LIVES for stem in FADING},
        "points_per_minute": ratio(played.sum("points"), played.sum("minutes_played")),
        "plays_per_minute": ratio(plays, fading[8]["minutes"]),
    }


def _fading(played: Slices, half_life: int) -> dict[str, Array]:
    """Means in which a game counts half as much after every ``half_life`` later ones.

    The sums run game after game, oldest first, each player's by itself: what else is in the chunk
    cannot change a bit.
    """
    cell, place = played.every()
    weight = 0.5 ** ((played.stop[cell] - 1 - place) / half_life)
    games, size = played.buffer.columns, len(played)

    def summed(values: Array) -> FloatArray:
        return np.bincount(cell, weights=values, minlength=size).astype(np.float64)

    whole = summed(weight)
    return {
        stem: ratio(summed(weight * games[name][place]), whole) for stem, name in FADING.items()
    }


# Absences ----------------------------------------------------------------------------------------


def _absences(cells: Cells, played: Slices) -> Columns:
    """What team-mates leave behind tonight, less what they did in his last games."""
    names = ["team_games_missed", "chance_out"]
    names += [f"missing_{stem}{kind}" for stem in MEASURES for kind in ("", "_change")]
    found = {name: np.full(len(cells), np.nan) for name in names}
    own = played.last(OWN_GAMES)
    days = own.buffer.columns["game_date"]
    for members in team_mates(cells["game_id"], cells["team_abbr"]):
        games = _season(cells, int(members[0]))
        missed = games.missed(len(games.days))
        out = _chances(cells, int(members[0]), games, missed)
        weight = out * games.weight(len(games.days), ROSTER_GAMES, FULL_GAMES)
        lately = [days[own.start[cell] : own.stop[cell]] for cell in members]
        left = _left_behind(games, np.isin(games.days, np.concatenate(lately)))
        for cell, his in zip(members.tolist(), lately, strict=True):
            at = games.players[cells["player_lookup"][cell]]
            others = np.where(np.arange(len(weight)) == at, 0.0, weight)
            shared = np.isin(games.days, his)
            found["team_games_missed"][cell], found["chance_out"][cell] = missed[at], out[at]
            for stem in MEASURES:
                tonight = np.sum(others * games.means[stem][-1])
                usual = np.mean(left[stem][shared]) if shared.any() else np.nan
                found[f"missing_{stem}"][cell] = tonight
                found[f"missing_{stem}_change"][cell] = tonight - usual
    return found


def _season(cells: Cells, cell: int) -> TeamGames:
    """The season so far of a cell's team."""
    games = rows_of(cells, "teammates", cell)
    decimals = cells.window("teammates").buffer.decimals
    return TeamGames(
        games["player_lookup"],
        games["game_date"],
        {stem: games[name] for stem, name in MEASURES.items()},
        {stem: decimals[name] for stem, name in MEASURES.items()},
    )


def _chances(cells: Cells, cell: int, games: TeamGames, missed: Array) -> Array:
    """How likely each player of the team is out tonight."""
    listed = rows_of(cells, "slate", cell)
    places = [games.players.get(name, -1) for name in listed["player_lookup"].tolist()]
    at = np.array(places, dtype=np.int64)
    status = np.full(len(games.players) + 1, None, dtype=object)
    has_line = np.zeros(len(games.players) + 1, dtype=bool)
    status[at], has_line[at] = listed["player_status"], listed["has_prop_line"] == 1
    minutes = games.means["minutes"][-1]
    is_listed = np.full(len(minutes), np.count_nonzero(listed["has_prop_line"] == 1))
    return chance_out(status[:-1], has_line[:-1], is_listed >= LISTED_PLAYERS, missed, minutes)


def _left_behind(games: TeamGames, asked: Array) -> dict[str, Array]:
    """Of each game of a mask, the means of those of the team who were not there, added up."""
    left = {stem: np.full(len(games.days), np.nan) for stem in MEASURES}
    for game in np.flatnonzero(asked).tolist():
        weight = games.weight(game, ROSTER_GAMES, FULL_GAMES)
        absent = np.where(games.played[game], 0.0, weight)
        for stem in MEASURES:
            left[stem][game] = np.sum(absent * games.means[stem][game])
    return left


def _never_played(cells: Cells) -> Array:
    """Neither for anybody nor, so that he has a place among his team-mates, for this team."""
    season = cells.window("teammates")
    names = season.buffer.columns["player_lookup"]
    known = [
        name in names[start:stop]
        for name, start, stop in zip(cells["player_lookup"], season.start, season.stop, strict=True)
    ]
    return np.asarray((cells.window("summaries").count() == 0) | ~np.array(known, dtype=bool))


TABLE = Table(
    name="player_points_features",
    dataset="nba_predictions",
    description=__doc__,
    entity=("game_id", "player_lookup"),
    key=("game_id", "player_lookup"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=each(
        "tonight", "game_id", "player_lookup", "team_abbr", "opponent_team_abbr", "season_year"
    ),
    compute=compute,
    version=1,
    fan_out=FanOut("player", "MLFS_WORKERS", default_workers=10, together=("game_id", "team_abbr")),
    gates=(
        Gate(
            FailureCategory.INSUFFICIENT_DATA,
            "{player_lookup} has no summary of a game this season",
            _never_played,
        ),
    ),
    clustering=("player_lookup", "game_date"),
    plot=("player_lookup", "points_fading_8"),
)
