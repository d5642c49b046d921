"""Points props of a simulated game: two bookmakers, the evening before and shortly before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor, fsum

from nba_pipeline.sources.simulated.bench import rosters, usual_minutes
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.moves import Squad
from nba_pipeline.sources.simulated.shot_chart import expected_points

#: Nobody asks about players who are on court for less.
_MINUTES_ASKED_ABOUT = 15.0
#: What a team of the league scores on an ordinary night.
_TEAM_POINTS = 111.0
#: When a line is looked at, and how far it then is from the truth.
_LOOKS = ((timedelta(hours=26), 1.6), (timedelta(minutes=30), 0.9))
#: How far each bookmaker is from the market.
_BOOKMAKERS = (("draftkings", 0.3), ("fanduel", 0.4))
_LOWEST_LINE = 3.5
_EVEN_PRICES = ((-120, -110), (-115, -115), (-110, -120))


@dataclass(frozen=True, slots=True)
class Prop:
    """One bookmaker's points line for one player at one moment."""

    player: Player
    bookmaker: str
    snapshot_at: datetime
    line: float
    over_price: int
    under_price: int


def points_props(squad: Squad, start: datetime, dice: Dice) -> Iterator[Prop]:
    """The points props of a squad for a game that starts then."""
    worth = [
        (player, minutes, player.usage * minutes * expected_points(player))
        for player, minutes in usual_minutes(squad)
    ]
    shared_by = rosters(squad)
    lowest = floor(_LOWEST_LINE / shared_by) + 0.5
    whole = fsum(value for _, _, value in worth)
    for player, minutes, value in worth:
        if minutes * shared_by < _MINUTES_ASKED_ABOUT:
            continue
        for before, error in _LOOKS:
            market = dice.bell(_TEAM_POINTS * value / whole, error)
            for bookmaker, apart in _BOOKMAKERS:
                line = max(lowest, floor(dice.bell(market, apart)) + 0.5)
                over, under = dice.pick(_EVEN_PRICES, (1.0, 2.0, 1.0))
                yield Prop(player, bookmaker, start - before, line, over, under)
