"""Whether there are as many rows as the schedule's games ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.validation.finding import (
    Finding,
    Outcome,
    at_least,
    at_most,
    not_applicable,
    passes,
)
from nba_pipeline.validation.night import Night


@dataclass(frozen=True)
class Floor:
    """Fewest rows of a table for each game.

    Attributes:
        good: Fewest rows a game that are fine.
        fair: Fewest that are not yet wrong.
        of_played: Whether only games that are over count.
    """

    good: int
    fair: int
    of_played: bool


FLOORS = {
    "nbac_player_boxscores": Floor(20, 15, of_played=True),
    "player_game_summary": Floor(20, 15, of_played=True),
    "team_offense_game_summary": Floor(2, 2, of_played=True),
    "team_defense_game_summary": Floor(2, 2, of_played=True),
    "player_composite_factors": Floor(10, 10, of_played=False),
    "player_prop_predictions": Floor(25, 25, of_played=False),
}
_PREDICTIONS = "player_prop_predictions"

#: Share of teams that played and have box scores: fine, and not yet wrong.
TEAMS_GOOD, TEAMS_FAIR = 0.90, 0.70
#: Share of games without a result that may be missing when the first results are fetched.
UNFINISHED_FAIR = 0.20
#: Names without a person from which somebody has to look.
MOST_UNRESOLVED = 50


def row_counts(night: Night) -> Iterator[Finding]:
    """Rows of the tables people count on, scaled by the games on the schedule."""
    for table, floor in FLOORS.items():
        yield _rows(night, table, floor)


def _rows(night: Night, table: str, floor: Floor) -> Finding:
    name = f"rows_{table}"
    games = len(night.played if floor.of_played else night.games)
    if why := _nothing_to_count(night, floor, games):
        return not_applicable(name, why)
    known = night.stored.get(table)
    rows = known.rows if known else 0
    sentence = (
        f"{table} has {counted(rows, 'row')} for {counted(games, 'game')} of {night.day}, "
        f"expected at least {floor.good * games:,}"
    )
    outcome = at_least(rows, floor.good * games, floor.fair * games)
    if outcome is Outcome.PASS:
        return passes(name, sentence)
    if why := _not_due(night, floor):
        return not_applicable(name, why)
    if table == _PREDICTIONS and not rows and night.is_before(night.at(12, 45)):
        outcome = Outcome.PARTIAL
    return Finding(name, outcome, sentence, night.run_again)


def _nothing_to_count(night: Night, floor: Floor, games: int) -> str:
    if not floor.of_played:
        return night.unpredicted
    if not night.games:
        return f"no games on {night.day}"
    return "" if games else f"no game of {night.day} is over yet"


def _not_due(night: Night, floor: Floor) -> str:
    """Why rows may still be missing."""
    if floor.of_played and night.is_before(night.at(6, 45, days=1)):
        return f"summaries of {night.day} are due at 06:45 the morning after"
    if not floor.of_played and night.is_live and night.is_before(night.at(7, 30)):
        return f"predictions for {night.day} are due at 07:30"
    return ""


def games_final(night: Night) -> Finding:
    """Whether every game has its result, from one in the morning on."""
    name = "games_final"
    if not night.games:
        return not_applicable(name, f"no games on {night.day}")
    missing = [game["game_id"] for game in night.games if game not in night.played]
    total = len(night.games)
    if not missing:
        return passes(name, f"all {counted(total, 'game')} of {night.day} have their result")
    if night.is_before(night.at(1, days=1)):
        return not_applicable(name, f"results of {night.day} are due at 01:00 the morning after")
    sentence = f"{len(missing)} of {counted(total, 'game')} of {night.day} have no result: "
    sentence += some_of(missing)
    fix = f"nba-pipeline ingest --date {night.day} --workflow post_game"
    if not night.is_before(night.at(4, days=1)):
        return Finding(name, Outcome.FAIL, sentence, fix)
    if len(missing) > UNFINISHED_FAIR * total:
        return Finding(name, Outcome.PARTIAL, sentence, fix)
    return passes(name, sentence)


def box_scores(night: Night) -> Finding:
    """The share of teams that played and have box scores."""
    name = "box_score_coverage"
    if not night.played:
        why = f"no game of {night.day} is over yet" if night.games else f"no games on {night.day}"
        return not_applicable(name, why)
    played = {
        (game["game_id"], game[side])
        for game in night.played
        for side in ("away_team_abbr", "home_team_abbr")
    }
    rows = night.rows.get("nbac_player_boxscores", ())
    missing = sorted(played - {(row["game_id"], row["team_abbr"]) for row in rows})
    share = 1 - len(missing) / len(played)
    sentence = (
        f"{len(played) - len(missing)} of {len(played)} teams that played on {night.day} have "
        f"box scores ({100 * share:.1f} %)"
    )
    outcome = at_least(share, TEAMS_GOOD, TEAMS_FAIR)
    if outcome is Outcome.PASS:
        return passes(name, sentence)
    if night.is_before(night.at(6, days=1)):
        return not_applicable(name, f"box scores of {night.day} are due at 06:00 the morning after")
    teams = some_of([f"{team} in {game}" for game, team in missing])
    fix = f"nba-pipeline ingest --date {night.day} --workflow post_game"
    return Finding(name, outcome, f"{sentence}; none of {teams}", fix)


def unresolved_names(night: Night) -> Finding:
    """How many names nobody could be found for."""
    name = "unresolved_names"
    known = night.stored.get("unresolved_names")
    if known is None:
        return not_applicable(name, f"unresolved_names has no partition of {night.day}")
    return Finding(
        name,
        at_most(known.rows, MOST_UNRESOLVED, float("inf")),
        f"{counted(known.rows, 'name')} of {night.day} could be matched with no player",
    )
