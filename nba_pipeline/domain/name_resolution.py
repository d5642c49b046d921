"""Whose name this is: from a name without an id to one of the players who are known by then.

The rules are tried in order of how much they assume, and the first that names exactly one person
decides; every answer says by which rule. A name that could be two people's stays unresolved, and
nobody is ever matched by likeness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nba_pipeline.domain.players import given_and_surname, player_lookup, without_suffix

#: Letters a short form of a given name has to have: initials are no evidence.
SHORTEST_GIVEN_NAME = 2


class Rule(StrEnum):
    """How a person was found."""

    #: The provider gave nba.com's own id.
    SOURCE_ID = "source_id"
    #: One player of the season is known by exactly this name.
    EXACT_NAME = "exact_name"
    #: A reviewed alias.
    ALIAS = "alias"
    #: Of the players then with the team, one is known by this name or by a longer or shorter
    #: form of its given name.
    TEAM_AND_DATE = "team_and_date"
    #: One player of the season is known by this name but for jr, sr, ii, iii, iv.
    WITHOUT_SUFFIX = "without_suffix"
    #: Nobody, or more than one.
    UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class Resolution:
    """Whose name it is.

    Attributes:
        nba_player_id: nba.com's id; None when unresolved.
        rule: What found him.
    """

    nba_player_id: int | None
    rule: Rule


UNRESOLVED = Resolution(None, Rule.UNRESOLVED)


class KnownPlayers:
    """The players of a season who are known at some moment, and with which team each is then."""

    def __init__(
        self,
        names: Iterable[tuple[str, int]],
        team_of: Mapping[int, str],
        aliases: Mapping[str, int],
    ) -> None:
        """Index the names.

        Args:
            names: Each name with the nba.com id of a player who goes by it.
            team_of: By nba.com id the team the player is with at that moment.
            aliases: From a lookup key to the nba.com id it is known to mean.
        """
        self._team_of, self._aliases = team_of, aliases
        self._by_key: dict[str, set[int]] = defaultdict(set)
        self._by_bare_key: dict[str, set[int]] = defaultdict(set)
        self._by_surname: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for name, nba_player_id in names:
            key, (given, surname) = player_lookup(name), given_and_surname(name)
            self._by_key[key].add(nba_player_id)
            self._by_bare_key[without_suffix(key)].add(nba_player_id)
            self._by_surname[surname].add((given, nba_player_id))

    def resolve(self, name: str, teams: Collection[str] = ()) -> Resolution:
        """Find whose name it is.

        Args:
            name: As a provider writes it.
            teams: The teams he may be with on the day, where the provider says so.
        """
        key = player_lookup(name)
        exact = self._by_key.get(key, set())
        if len(exact) == 1:
            return Resolution(next(iter(exact)), Rule.EXACT_NAME)
        if key in self._aliases:
            return Resolution(self._aliases[key], Rule.ALIAS)
        near = {who for who in exact or self._abbreviated(name) if self._team_of[who] in teams}
        if len(near) == 1:
            return Resolution(next(iter(near)), Rule.TEAM_AND_DATE)
        bare = self._by_bare_key.get(without_suffix(key), set())
        if len(bare) == 1 and not exact and not near:
            return Resolution(next(iter(bare)), Rule.WITHOUT_SUFFIX)
        return UNRESOLVED

    def resolve_any(self, names: Sequence[str], teams: Collection[str] = ()) -> Resolution:
        """Find the one person whom several ways of writing a name mean.

        Args:
            names: The ways, in the provider's order.
            teams: The teams he may be with on the day.

        Returns:
            The answer that assumes least; unresolved where two ways name two persons.
        """
        found = [self.resolve(name, teams) for name in names]
        found = [each for each in found if each.nba_player_id is not None]
        if len({each.nba_player_id for each in found}) != 1:
            return UNRESOLVED
        return min(found, key=lambda each: list(Rule).index(each.rule))

    def _abbreviated(self, name: str) -> set[int]:
        """Everybody of the same surname whose given name begins as this one, or the reverse."""
        given, surname = given_and_surname(name)
        return {
            who
            for known, who in self._by_surname.get(surname, set())
            if min(len(known), len(given)) >= SHORTEST_GIVEN_NAME
            and (known.startswith(given) or given.startswith(known))
        }
