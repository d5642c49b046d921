"""Who will probably sit out tonight, by what is known before tip-off, and what he leaves to others.

Nobody publishes every absence beforehand. Three signs tell most of them: the injured list, games of
his team that a player has just missed, and whether bookmakers offer a line on him while they do on
his team-mates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

#: Bookmakers have listed a team when this many of its players have a line.
LISTED_PLAYERS = 3

#: Games missed in a row beyond which one more says no more.
_MOST_MISSED = 3

# Shares of players expected with a team who then did not play. Of the injured list and of missed
# games alone: season 2021-22. By lines: October to 14 November 2024.
_OUT_BY_LIST = 0.995
# What the league means by its words between out and available.
_OUT_BY_REPORT = {"doubtful": 0.75, "questionable": 0.50, "probable": 0.25}
_BY_MISSED = np.array([0.05, 0.35, 0.45, 0.60])
_LINED = np.array([0.03, 0.15, 0.15, 0.15])
_UNLINED = np.array([0.12, 0.60, 0.68, 0.88])
_UNLINED_REGULAR = np.array([0.14, 0.85, 0.95, 0.90])
_UNLINED_STAR = np.array([0.26, 0.85, 0.95, 0.90])

#: Minutes a game from which a player is a regular, and from which bookmakers hardly leave him out.
REGULAR_MINUTES, STAR_MINUTES = 25.0, 30.0


def chance_out(
    status: Array, has_line: Array, is_listed: Array, missed: Floats, minutes: Floats
) -> Floats:
    """How likely each player does not play tonight.

    Args:
        status: ``out``, ``doubtful``, ``questionable``, ``probable``, ``available`` or None, by
            the injured list or the league's report.
        has_line: Whether a bookmaker has a line on him.
        is_listed: Whether bookmakers have listed his team.
        missed: Games of his team since he last played.
        minutes: His mean minutes.

    Returns:
        Shares from 0 to 1.
    """
    games = np.clip(missed, 0, _MOST_MISSED).astype(np.int64)
    unlined = np.select(
        [minutes >= STAR_MINUTES, minutes >= REGULAR_MINUTES],
        [_UNLINED_STAR[games], _UNLINED_REGULAR[games]],
        _UNLINED[games],
    )
    by_lines = np.where(has_line, _LINED[games], unlined)
    unstated = np.where(is_listed, by_lines, _BY_MISSED[games])
    words = {"out": _OUT_BY_LIST, **_OUT_BY_REPORT}
    return np.select([status == word for word in words], [*words.values()], unstated)


# In this order: the first that a reason mentions is its category.
_CATEGORIES = {
    "injury/illness": "injury",
    "g league": "g_league",
    "suspension": "suspension",
    "health and safety": "health_safety_protocol",
    "protocol": "health_safety_protocol",
    "rest": "rest",
    "personal": "personal",
}


def reason_category(reasons: Array) -> Array:
    """The kind of each reason the league gives; ``unknown`` where it gives none.

    Args:
        reasons: As published, ``"Injury/Illness - Left Knee; Soreness"``.
    """
    return np.array([_category(reason) for reason in reasons.tolist()], dtype=object)


def _category(reason: str | None) -> str:
    said = (reason or "").strip().lower()
    if not said:
        return "unknown"
    return next((kind for words, kind in _CATEGORIES.items() if words in said), "other")


class TeamGames:
    """A team's games of a season so far: who played in each, and what each player has been to it.

    Attributes:
        players: Names, in the order they first appeared; a player's place is his number.
        days: The day of each game, oldest first.
        played: Of each game (row) and player (column), whether he appeared.
        known: Of each game and player, his games before it.
        means: By measure, of each game and player, his mean before it; 0 before his first game.
            The last row of both is that of tonight.
    """

    def __init__(
        self,
        names: Array,
        game_days: Array,
        values: dict[str, Floats],
        decimals: dict[str, int],
    ) -> None:
        self.players: dict[str, int] = {}
        player = np.array(
            [self.players.setdefault(name, len(self.players)) for name in names.tolist()],
            dtype=np.int64,
        )
        self.days, game = np.unique(game_days, return_inverse=True)
        shape = (len(self.days), len(self.players))
        self.played = np.zeros(shape, dtype=bool)
        self.played[game, player] = True
        self.known = _before(self.played.astype(np.int64))
        self.means = {}
        for measure, column in values.items():
            whole = np.zeros(shape, dtype=np.int64)
            exact = 10 ** decimals[measure]
            whole[game, player] = np.rint(column * exact)
            total, count = _before(whole), np.maximum(self.known, 1) * exact
            self.means[measure] = total / count

    def missed(self, game: int) -> Floats:
        """Of each player, the team's games since he last played, as of a game or of tonight."""
        last = np.where(
            self.played[:game].any(axis=0), game - 1 - self.played[:game][::-1].argmax(axis=0), -1
        )
        return np.asarray(game - 1 - last, dtype=np.float64)

    def weight(self, game: int, reach: int, full: int) -> Floats:
        """How much each player counts for the team before a game: 0 for one long gone.

        Args:
            game: The game's number, or that of games for tonight.
            reach: Games within which he must have appeared.
            full: Games from which his means count in full.
        """
        near = self.played[max(0, game - reach) : game].any(axis=0)
        return np.where(near, np.minimum(self.known[game], full) / full, 0.0)


def _before(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Running sums of each column before each row, and after the last."""
    zero = np.zeros((1, values.shape[1]), dtype=np.int64)
    return np.concatenate([zero, np.cumsum(values, axis=0)])
