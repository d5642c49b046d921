"""What teammates who are out leave to a player: their plays, and how many stars are missing.

Everybody of a team looks at the same teammates, so that its cells are made together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nba_pipeline.domain.rest import days_between
from nba_pipeline.domain.roles import is_star, usage_taken_over
from nba_pipeline.domain.rounding import ratio
from nba_pipeline.domain.team_games import team_mates
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.windows import Array, Cells
from nba_pipeline.tables.player_games import rows_of

#: Days a star's form is taken from, where he played in them.
STAR_FORM_DAYS = 10

ROLE = ("points", "minutes_played", "usage_rate")

#: What ``missing`` reads, beside ``availability`` with player_lookup and injury_status. Cells need
#: game_id, team_abbr, season_year, player_lookup and ``roster``, the names of all expected.
INPUTS = {
    "teammates": reads(
        "player_game_summary",
        "player_lookup " + " ".join(ROLE),
        window=history(),
        on="team_abbr season_year",
    ),
}


def missing(cells: Cells) -> tuple[Array, Array]:
    """Of each cell, how many other stars are out or doubtful, and the usage that falls to him.

    The usage is in percentage points, from everybody in the rotation who is out; NaN for those who
    are out themselves.
    """
    stars, gained = np.full((2, len(cells)), np.nan)
    for members in team_mates(cells["game_id"], cells["team_abbr"]):
        roles = _roles(cells, int(members[0]))
        out, doubtful = (_listed_as(cells, int(members[0]), word) for word in ("out", "doubtful"))
        roster = cells["roster"][members[0]].split()
        at = [roles.place.get(name, -1) for name in roster]
        is_out = np.array([name in out for name in roster], dtype=bool)
        gains = usage_taken_over(roles.minutes[at], roles.usage[at], is_out).tolist()
        gain_of = dict(zip(roster, gains, strict=True))
        stars_out = {name for name in out | doubtful if roles.star[roles.place.get(name, -1)]}
        for cell in members.tolist():
            name = cells["player_lookup"][cell]
            stars[cell], gained[cell] = len(stars_out - {name}), gain_of[name]
    return stars, gained


@dataclass(frozen=True)
class _Roles:
    """What the players of a team have been to it this season, each at his place.

    The last place is that of players who are not known; they have NaN and are no stars.
    """

    place: Mapping[str, int]
    minutes: Array
    usage: Array
    star: Array


def _roles(cells: Cells, cell: int) -> _Roles:
    """Of everybody who has played for a cell's team this season.

    A star's form is that of the last days, or of the season where he did not play in them.
    """
    games = rows_of(cells, "teammates", cell)
    decimals = cells.window("teammates").buffer.decimals
    place: dict[str, int] = {}
    names = games["player_lookup"].tolist()
    player = np.array([place.setdefault(name, len(place)) for name in names], dtype=np.int64)
    recent = days_between(games["game_date"], cells["game_date"][cell]) <= STAR_FORM_DAYS

    def per_game(column: str, values: Array) -> Array:
        return _means(values, decimals[column], player, len(place) + 1)

    means = {name: per_game(name, games[name]) for name in ROLE}
    late = {name: per_game(name, np.where(recent, games[name], np.nan)) for name in ROLE}
    form = {name: np.where(np.isnan(late[name]), means[name], late[name]) for name in ROLE}
    count = np.bincount(player, minlength=len(place) + 1).astype(np.float64)
    star = is_star(count, form["points"], form["minutes_played"])
    return _Roles(place, means["minutes_played"], means["usage_rate"], star)


def _means(values: Array, decimals: int, player: Array, players: int) -> Array:
    """Mean of what is known of each player, summed in whole units of the last decimal."""
    known, exact = ~np.isnan(values), 10**decimals
    total = np.bincount(
        player[known], weights=np.rint(values[known] * exact), minlength=players
    ).astype(np.float64)
    return ratio(total, exact * np.bincount(player[known], minlength=players).astype(np.float64))


def _listed_as(cells: Cells, cell: int, status: str) -> set[str]:
    """The players of a cell's team with a status tonight."""
    listed = rows_of(cells, "availability", cell)
    return {name for name in listed["player_lookup"][listed["injury_status"] == status] if name}
