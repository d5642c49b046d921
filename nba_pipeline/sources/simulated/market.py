"""What is published around a simulated game: betting lines and officials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, fsum, sqrt

from nba_pipeline.sources.simulated.bench import usual_minutes
from nba_pipeline.sources.simulated.dice import Dice, Purpose
from nba_pipeline.sources.simulated.fixtures import Fixture
from nba_pipeline.sources.simulated.moves import Squad
from nba_pipeline.sources.simulated.shot_chart import expected_points

# Least squares over some five thousand simulated games: what playing at home, the worth of a shot,
# the defence and the haste of the two clubs do to the margin and to the total.
_MARGIN_AT_HOME, _MARGIN_BY_SHOT, _MARGIN_BY_DEFENSE = 2.0, 61.4, 145.9
_TOTAL_AT_LEAST, _TOTAL_BY_SHOT, _TOTAL_BY_DEFENSE, _TOTAL_BY_HASTE = 65.9, 74.9, -188.6, 17.5
# How far the market is from the truth when a line opens, and when it closes.
_SPREAD_ERRORS, _TOTAL_ERRORS = (1.8, 0.9), (3.2, 1.8)
# With this margin expected, the favourite wins 85 of 100 games.
_MARGIN_SCALE = 13.0
_BOOKMAKERS_SHARE = 1.045
_HIGHEST_ODDS = 5_000


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a game from the home team's side; the names are the archive's columns."""

    open_home_spread: float
    close_home_spread: float
    open_total: float
    close_total: float
    home_moneyline: int
    away_moneyline: int


def lines(home: Squad, away: Squad, dice: Dice) -> Lines:
    """What the market makes of two squads."""
    margin, total = _expected(home, away)
    open_spread, close_spread = (_to_half(dice.bell(-margin, error)) for error in _SPREAD_ERRORS)
    open_total, close_total = (_to_half(dice.bell(total, error)) for error in _TOTAL_ERRORS)
    far = -close_spread / _MARGIN_SCALE
    home_wins = 0.5 + 0.5 * far / sqrt(1 + far * far)
    return Lines(
        open_home_spread=open_spread,
        close_home_spread=close_spread,
        open_total=open_total,
        close_total=close_total,
        home_moneyline=_moneyline(home_wins),
        away_moneyline=_moneyline(1 - home_wins),
    )


def _expected(home: Squad, away: Squad) -> tuple[float, float]:
    """The margin and the total to be expected."""
    shots = _shot_worth(home), _shot_worth(away)
    defenses = home.club.defense, away.club.defense
    margin = (
        _MARGIN_AT_HOME
        + _MARGIN_BY_SHOT * (shots[0] - shots[1])
        + _MARGIN_BY_DEFENSE * (defenses[0] - defenses[1])
    )
    total = (
        _TOTAL_AT_LEAST
        + _TOTAL_BY_SHOT * fsum(shots)
        + _TOTAL_BY_DEFENSE * fsum(defenses)
        + _TOTAL_BY_HASTE * (home.club.haste + away.club.haste)
    )
    return margin, total


def _shot_worth(squad: Squad) -> float:
    """What a shot of the squad is worth, whoever is likely to take it."""
    shares = [(player, player.usage * minutes) for player, minutes in usual_minutes(squad)]
    worth = fsum(expected_points(player) * share for player, share in shares)
    return worth / fsum(share for _, share in shares)


def _to_half(points: float) -> float:
    return floor(points * 2 + 0.5) / 2


def _moneyline(wins: float) -> int:
    """American odds to the nearest five, with the bookmaker's share taken off."""
    chance = min(wins * _BOOKMAKERS_SHARE, 0.98)
    odds = -100 * chance / (1 - chance) if chance >= 0.5 else 100 * (1 - chance) / chance
    return max(-_HIGHEST_ODDS, min(_HIGHEST_ODDS, 5 * floor(odds / 5 + 0.5)))


_OFFICIALS = (
    *("A.Birdsong", "B.Calloway", "C.Dufresne", "D.Eastlake", "E.Farnham", "F.Gillespie"),
    *("G.Hargrove", "H.Ingersoll", "I.Jessup", "J.Kilbride", "K.Lattimore", "L.Merriweather"),
    *("M.Nakagawa", "N.Oyelaran", "O.Prendergast", "P.Quintero", "Q.Rutledge", "R.Sandoval"),
    *("S.Tillery", "T.Underhill", "U.Villanueva", "V.Westbury", "W.Yarborough", "X.Zielinski"),
    *("A.Brightwater", "B.Coldiron", "C.De La Vega", "D.Ellsworth", "E.Fitzroy", "F.Grimaldi"),
    *("G.Hollander", "H.Isaksen", "I.Jankowiak", "J.Kowalczyk", "K.Lindqvist", "L.Montague"),
    *("M.Nightingale", "N.Okafor-Bell", "O.Pettigrew", "P.Quigley", "R.St. Amand", "S.Thibodeau"),
    *("T.Uchida", "V.Winterbourne", "W.Youngblood"),
)
_CREW = 3


def crews(fixtures: Sequence[Fixture], day: date, seed: int) -> dict[str, tuple[str, ...]]:
    """Three officials for every game of a day, nobody in two places, by game id."""
    waiting = Dice(seed, Purpose.CREWS, day.toordinal()).shuffled(_OFFICIALS)
    return {
        fixture.game_id: tuple(sorted(waiting[at * _CREW : (at + 1) * _CREW]))
        for at, fixture in enumerate(fixtures)
    }
