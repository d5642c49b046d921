"""Games of the simulated league that cannot be played when they are due, and when they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from nba_pipeline.domain.calendar import EASTERN, instant
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.fixtures import Fixture, plays_three_running

# Of every four weeks one game is moved, from the first two to a later day of the same four.
_BLOCK = timedelta(days=28)
_SOONEST = timedelta(days=2)


def postponed(planned: Sequence[Fixture], dice: Dice) -> dict[int, Fixture]:
    """The games that are moved, as they are played in the end, by their number."""
    days_of = {
        team: {fixture.game_date for fixture in planned if team in fixture.teams} for team in TEAMS
    }
    moved: dict[int, Fixture] = {}
    begin = planned[0].game_date
    while begin <= planned[-1].game_date:
        block = [f for f in planned if begin <= f.game_date < begin + _BLOCK]
        fixture, day = next(_moves(block, begin, days_of, dice), (None, begin))
        if fixture is not None:
            moved[fixture.number] = _moved(fixture, day)
            for team in fixture.teams:
                days_of[team] ^= {fixture.game_date, day}
        begin += _BLOCK
    return moved


def _moves(
    block: Sequence[Fixture], begin: date, days_of: Mapping[str, set[date]], dice: Dice
) -> Iterator[tuple[Fixture, date]]:
    """Games of a block, each with a later day of it that suits both teams."""
    days = sorted({fixture.game_date for fixture in block})
    early = [fixture for fixture in block if fixture.game_date < begin + _BLOCK / 2]
    for fixture in dice.shuffled(early):
        for day in dice.shuffled(days):
            if day > fixture.game_date + _SOONEST and all(
                _suits(days_of[team], fixture.game_date, day) for team in fixture.teams
            ):
                yield fixture, day


def _suits(played: set[date], old: date, new: date) -> bool:
    """Whether a team can play on the new day instead, as rested as all the others."""
    return new not in played and not plays_three_running(frozenset(played - {old} | {new}), new)


def _moved(fixture: Fixture, day: date) -> Fixture:
    start = fixture.start.astimezone(EASTERN)
    return replace(
        fixture,
        game_date=day,
        start=instant(day, start.hour, start.minute),
        public_from=fixture.game_date,
        is_postponed=True,
    )
