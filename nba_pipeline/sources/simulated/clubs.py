"""The thirty clubs of the simulated league and the invented players of each, fifteen or more.

What a player can do is decided here once; who is hurt, traded or rested on a night is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

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
        players: Its players on the first day, the most important first; behind the fifteenth the
            next roster begins, if the league has been scaled up.
        defense: What it takes off its opponents' chance of making a shot.
        haste: Seconds its plays are shorter than usual.
    """

    team: Team
    players: tuple[Player, ...]
    defense: float
    haste: float


def clubs(seed: int, scale: int = 1) -> tuple[Club, ...]:
    """Invent the league, in the order of nba.com's team ids.

    Args:
        seed: Which league.
        scale: How many rosters of fifteen a club has, one behind the other; more than one is for
            load tests.
    """
    names = _names(Dice(seed, Purpose.NAMES))
    return tuple(
        _club(team, names[at * ROSTER_SIZE : (at + 1) * ROSTER_SIZE], at, seed, scale)
        for at, team in enumerate(TEAMS.values())
    )


def after_summer(before: Sequence[Club], seed: int, season: int) -> tuple[Club, ...]:
    """The league a year later: some have left, some have moved, everyone is a little different.

    Every club gives up the last three of a roster for newcomers, and men of the second five change
    clubs in a ring. Who stays keeps his id, his name and most of his skill.

    Args:
        before: The clubs as they were a season ago.
        seed: Which league.
        season: Seasons since the league's first.
    """
    dice = Dice(seed, Purpose.SUMMER, 0, season)
    rosters = [[_a_year_older(player, dice) for player in club.players] for club in before]
    for rank in range(_MOVING.start, _MOVING.stop):
        ring = dice.shuffled(range(len(rosters)))[: len(rosters) // 3]
        moved = [rosters[at][rank] for at in ring]
        for at, player in zip([*ring[1:], ring[0]], moved, strict=True):
            rosters[at][rank] = player
    leaving = [rank for rank in range(len(rosters[0])) if rank % ROSTER_SIZE >= _FIRST_TO_LEAVE]
    number = _first_newcomer(season, len(rosters[0]) // ROSTER_SIZE)
    for roster in rosters:
        for rank in leaving:
            roster[rank] = _newcomer(roster[rank], number, seed)
            number += 1
    return tuple(
        replace(
            club,
            players=tuple(roster),
            defense=dice.bell(0.5 * club.defense, 0.017),
            haste=dice.bell(0.5 * club.haste, 0.3),
        )
        for club, roster in zip(before, rosters, strict=True)
    )


_MOVING = range(5, 10)
_FIRST_TO_LEAVE = 12


def _a_year_older(player: Player, dice: Dice) -> Player:
    return replace(
        player,
        usage=player.usage * dice.bell(1.0, 0.04),
        touch=player.touch + dice.bell(0.0, 0.006),
        free_throw=min(0.95, player.free_throw + dice.bell(0.0, 0.015)),
    )


def _newcomer(leaving: Player, number: int, seed: int) -> Player:
    """A player nobody has heard of before, of the standing and position of one who leaves."""
    player_id, name = _identity(number, seed)
    return replace(leaving, player_id=player_id, name=name, short_name=name.split(" ", 1)[1])


def _first_newcomer(season: int, scale: int) -> int:
    """The number of a season's first newcomer; further rosters and earlier summers come first."""
    a_summer = (ROSTER_SIZE - _FIRST_TO_LEAVE) * len(TEAMS) * scale
    return (scale - 1) * len(TEAMS) * ROSTER_SIZE + (season - 1) * a_summer


def _identity(number: int, seed: int) -> tuple[int, str]:
    """Id and name of those beyond the first 450 players, whose surnames have two parts."""
    surnames = _surnames(seed)
    first = number % len(surnames)
    second = (first + 1 + number // len(surnames)) % len(surnames)
    given = _GIVEN_NAMES[(7 * number + first) % len(_GIVEN_NAMES)]
    player_id = _FIRST_PLAYER_ID + len(TEAMS) * ROSTER_SIZE + number
    return player_id, f"{given} {surnames[first]}-{surnames[second]}"


@cache
def _surnames(seed: int) -> list[str]:
    return Dice(seed, Purpose.NAMES, 1).shuffled(_ordinary_surnames())


# One row per position: zone shares, free throws, offensive and defensive rebounds, assists,
# steals, blocks, fouling.
_TYPICAL: dict[Position, tuple[tuple[float, ...], float, float, float, float, float, float, float]]
_TYPICAL = {
    Position.GUARD: ((0.265, 0.175, 0.125, 0.088, 0.347), 0.82, 0.6, 3.2, 6.2, 1.35, 0.35, 0.85),
    Position.WING: ((0.29, 0.175, 0.097, 0.133, 0.305), 0.78, 1.0, 4.5, 2.9, 1.15, 0.6, 0.95),
    Position.BIG: ((0.465, 0.255, 0.085, 0.045, 0.15), 0.70, 2.7, 6.8, 2.3, 0.85, 1.5, 1.25),
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
_USAGE = (32.5, 25.5, 20.0, 17.0, 14.0, 20.0, 17.0, 15.0, 14.0, 13.0, 14.0, 14.0, 13.0, 13.0, 13.0)
_TOUCH = (0.022, 0.012, 0.006, 0.004, 0.004, 0.0, -0.002, -0.004, -0.008, -0.012)
_LEAST_TOUCH = -0.03
_ROTATION = 10


def _club(team: Team, names: list[str], at: int, seed: int, scale: int) -> Club:
    dice = Dice(seed, Purpose.CLUBS, at)
    talent = dice.bell(0.0, 0.022)
    positions = (*dice.shuffled(_STARTING_POSITIONS), *_BENCH_POSITIONS)
    first = _FIRST_PLAYER_ID + at * ROSTER_SIZE
    players = [
        _player(first + rank, name, rank, positions[rank], talent, dice)
        for rank, name in enumerate(names)
    ]
    defense, haste = dice.bell(0.0, 0.02), dice.bell(0.0, 0.35)
    for roster in range(1, scale):
        number = ((roster - 1) * len(TEAMS) + at) * ROSTER_SIZE
        players += [
            _player(*_identity(number + rank, seed), rank, positions[rank], talent, dice)
            for rank in range(ROSTER_SIZE)
        ]
    return Club(team, tuple(players), defense, haste)


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
    wanted = len(TEAMS) * ROSTER_SIZE - len(_UNUSUAL_SURNAMES)
    some = dice.shuffled(_ordinary_surnames())[:wanted]
    surnames = dice.shuffled([*some, *_UNUSUAL_SURNAMES])
    return [_full_name(surname, dice) for surname in surnames]


def _ordinary_surnames() -> list[str]:
    return [first + second for first in _FIRST_HALVES for second in _SECOND_HALVES]


def _full_name(surname: str, dice: Dice) -> str:
    name = f"{_GIVEN_NAMES[dice.below(len(_GIVEN_NAMES))]} {surname}"
    if dice.roll() < _WITH_SUFFIX:
        return f"{name} {_SUFFIXES[dice.below(len(_SUFFIXES))]}"
    return name
