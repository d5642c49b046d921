"""The thirty clubs of the simulated league and the fifteen invented players of each.

What a player can do is decided here once; who is hurt, traded or rested on a night is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nba_pipeline.domain.teams import TEAMS, Team
from nba_pipeline.sources.simulated.dice import Dice, Purpose

ROSTER_SIZE = 15
# Far above nba.com's ids, so that nobody takes an invented player for a real one.
_FIRST_PLAYER_ID = 9_000_000


class Role(StrEnum):
    """How much a coach relies on a player."""

    STARTER = "starter"
    ROTATION = "rotation"
    BENCH = "bench"


class Position(StrEnum):
    """Where a player plays."""

    GUARD = "guard"
    WING = "wing"
    BIG = "big"


# Compared by identity: a player is himself, and that is the quickest to look up.
@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """An invented player.

    Attributes:
        player_id: Id in the style of nba.com, from 9,000,000 up.
        name: Full name, unique in the league.
        short_name: Surname and suffix, as play-by-play texts have it; unique in the league too.
        role: What the coach relies on him for.
        position: Guard, wing or big.
        usage: How often he ends a play, relative to his team mates.
        zones: Shares of his shots at the rim, elsewhere in the paint, from mid-range, from the
            corners and from above the break.
        touch: What he adds to everybody's chance of making a shot.
        free_throw: Chance of making a free throw.
        offensive_rebounding: Offensive rebounds in 36 minutes, roughly.
        defensive_rebounding: Defensive rebounds in 36 minutes, roughly.
        passing: Assists in 36 minutes, roughly.
        stealing: Steals in 36 minutes, roughly.
        blocking: Blocks in 36 minutes, roughly.
        risk: How likely the ball is lost in his hands, relative to his team mates.
        fouling: How easily he fouls, 1 for the ordinary player.
    """

    player_id: int
    name: str
    short_name: str
    role: Role
    position: Position
    usage: float
    zones: tuple[float, ...]
    touch: float
    free_throw: float
    offensive_rebounding: float
    defensive_rebounding: float
    passing: float
    stealing: float
    blocking: float
    risk: float
    fouling: float


@dataclass(frozen=True, slots=True)
class Club:
    """A team and what makes it different from the others.

    Attributes:
        team: The real team it plays as.
        players: Its players on the first day, the most important first.
        defense: What it takes off its opponents' chance of making a shot.
        haste: Seconds its plays are shorter than usual.
    """

    team: Team
    players: tuple[Player, ...]
    defense: float
    haste: float


def clubs(seed: int) -> tuple[Club, ...]:
    """Invent the league, in the order of nba.com's team ids."""
    names = _names(Dice(seed, Purpose.NAMES))
    return tuple(
        _club(team, names[at * ROSTER_SIZE : (at + 1) * ROSTER_SIZE], at, seed)
        for at, team in enumerate(TEAMS.values())
    )


# One row per position: zone shares, free throws, offensive and defensive rebounds, assists,
# steals, blocks, fouling.
_TYPICAL: dict[Position, tuple[tuple[float, ...], float, float, float, float, float, float, float]]
_TYPICAL = {
    Position.GUARD: ((0.24, 0.16, 0.15, 0.09, 0.36), 0.82, 0.6, 3.2, 6.2, 1.35, 0.35, 0.85),
    Position.WING: ((0.26, 0.16, 0.12, 0.14, 0.32), 0.78, 1.0, 4.5, 2.9, 1.15, 0.6, 0.95),
    Position.BIG: ((0.43, 0.24, 0.11, 0.05, 0.17), 0.70, 2.7, 6.8, 2.3, 0.85, 1.5, 1.25),
}
# The first five start; which of them plays where differs from club to club.
_STARTING_POSITIONS = (
    Position.GUARD,
    Position.GUARD,
    Position.WING,
    Position.WING,
    Position.BIG,
)
_BENCH_POSITIONS = (
    Position.GUARD,
    Position.BIG,
    Position.WING,
    Position.WING,
    Position.GUARD,
    Position.BIG,
    Position.GUARD,
    Position.WING,
    Position.GUARD,
    Position.BIG,
)
_USAGE = (30.5, 25.0, 20.0, 17.0, 14.0, 20.0, 17.0, 15.0, 14.0, 13.0, 14.0, 14.0, 13.0, 13.0, 13.0)
_TOUCH = (0.022, 0.012, 0.006, 0.004, 0.004, 0.0, -0.002, -0.004, -0.008, -0.012)
_LEAST_TOUCH = -0.03
_ROTATION = 10


def _club(team: Team, names: list[str], at: int, seed: int) -> Club:
    dice = Dice(seed, Purpose.CLUBS, at)
    talent = dice.bell(0.0, 0.018)
    positions = (*dice.shuffled(_STARTING_POSITIONS), *_BENCH_POSITIONS)
    first = _FIRST_PLAYER_ID + at * ROSTER_SIZE
    players = tuple(
        _player(first + rank, name, rank, positions[rank], talent, dice)
        for rank, name in enumerate(names)
    )
    return Club(team, players, defense=dice.bell(0.0, 0.016), haste=dice.bell(0.0, 0.35))


def _player(
    player_id: int, name: str, rank: int, position: Position, talent: float, dice: Dice
) -> Player:
    zones, free_throw, offensive, defensive, passing, stealing, blocking, fouling = _TYPICAL[
        position
    ]
    touch = _TOUCH[rank] if rank < len(_TOUCH) else _LEAST_TOUCH
    usage = _USAGE[rank] * dice.bell(1.0, 0.08)
    return Player(
        player_id=player_id,
        name=name,
        short_name=name.split(" ", 1)[1],
        role=_role(rank),
        position=position,
        usage=usage,
        zones=tuple(share * dice.bell(1.0, 0.25) for share in zones),
        touch=touch + talent + dice.bell(0.0, 0.008),
        free_throw=free_throw + dice.bell(0.0, 0.04),
        offensive_rebounding=offensive * dice.bell(1.0, 0.2),
        defensive_rebounding=defensive * dice.bell(1.0, 0.2),
        passing=passing * dice.bell(1.0, 0.25),
        stealing=stealing * dice.bell(1.0, 0.2),
        blocking=blocking * dice.bell(1.0, 0.25),
        risk=(usage + passing) * dice.bell(1.0, 0.12),
        fouling=fouling * dice.bell(1.0, 0.12),
    )


def _role(rank: int) -> Role:
    if rank < len(_STARTING_POSITIONS):
        return Role.STARTER
    return Role.ROTATION if rank < _ROTATION else Role.BENCH


_GIVEN_NAMES = (
    *("Aaron", "André", "Anton", "Bakary", "Brennan", "Calvin", "Cedric", "Corey", "Damir"),
    *("Darnell", "Davion", "De'Shaun", "Dominic", "Elijah", "Emeka", "Ezra", "Félix", "Gabe"),
    *("Goran", "Hakeem", "Ibrahim", "Isaiah", "Ja'Quan", "Jalen", "Jarek", "Jean-Luc", "José"),
    *("Kellan", "Kofi", "Lamar", "Leandro", "Luka", "Malik", "Marek", "Mateo", "Micah"),
    *("Nate", "Nikola", "Omari", "Osman", "Pascal", "Quincy", "Rafael", "Rashad", "Reggie"),
    *("Sam", "Sekou", "Tariq", "Théo", "Tobias", "Tre", "Ty", "Vasilije", "Xavier", "Zeke"),
)
# Surnames are put together from a first and a second half, so that each occurs only once and no
# initials are needed to tell two players apart.
_FIRST_HALVES = (
    *("Ald", "Bar", "Blen", "Brack", "Cal", "Cran", "Dal", "Dray", "Dun", "Elm", "Far", "Gar"),
    *("Hal", "Hart", "Ken", "Lang", "Mar", "Mel", "Nor", "Oak", "Pem", "Rad", "Sel", "Thorn"),
    *("Wex", "Whit"),
)
_SECOND_HALVES = (
    *("beck", "bridge", "brook", "bury", "by", "den", "ford", "ham", "hurst", "ley", "low"),
    *("more", "ridge", "shaw", "stone", "ton", "well", "wick", "worth"),
)
_UNUSUAL_SURNAMES = (
    *("N'Dour-Faye", "O'Quillan", "D'Ambrosi", "M'Baye", "Okonjo-Reyes", "St. Clairmont"),
    *("Brezović", "Šimanić", "Vukčevski", "Øverland", "Núñez-Vidal", "Gonçalo", "Häusler"),
    *("Müllerson", "Żelaznik", "Petronijević", "Sánchez-Prado", "Traorin", "Diabatel"),
    *("Achterberg", "van Oosten", "De Laroche", "Kovalenkov", "Papadimos", "Yıldırgan"),
)
_SUFFIXES = ("Jr.", "III", "II")
# Of 450 players about this share carries a suffix.
_WITH_SUFFIX = 0.05


def _names(dice: Dice) -> list[str]:
    """A name for every player: no surname twice, the unusual ones among the first rosters too."""
    ordinary = [first + second for first in _FIRST_HALVES for second in _SECOND_HALVES]
    wanted = len(TEAMS) * ROSTER_SIZE - len(_UNUSUAL_SURNAMES)
    surnames = dice.shuffled([*dice.shuffled(ordinary)[:wanted], *_UNUSUAL_SURNAMES])
    return [_full_name(surname, dice) for surname in surnames]


def _full_name(surname: str, dice: Dice) -> str:
    name = f"{_GIVEN_NAMES[dice.below(len(_GIVEN_NAMES))]} {surname}"
    if dice.roll() < _WITH_SUFFIX:
        return f"{name} {_SUFFIXES[dice.below(len(_SUFFIXES))]}"
    return name
