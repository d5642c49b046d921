"""The page of an evening, put together from its rows. The same rows, the same page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nba_pipeline.domain.games import GameStatus, parse_game_id
from nba_pipeline.domain.grading import NO_LINE, OVER, PASS, PENDING, UNDER
from nba_pipeline.report import record, sentences
from nba_pipeline.report.model import Game, Notice, Page, Player, Team
from nba_pipeline.report.players import known_of, players_of, unpredicted_of
from nba_pipeline.report.reading import TRUST_DAYS, Evening, Row
from nba_pipeline.report.sentences import Nothing

#: Who speaks for all systems where it speaks.
HEADLINE = "ensemble_v1"

_SIDES = {OVER: 0, UNDER: 0, PASS: 1, NO_LINE: 2}


def page_of(evening: Evening) -> Page:
    """The page of an evening."""
    known, top = known_of(evening), _top(evening.rows["claims"])
    return Page(
        day=evening.day,
        notices=tuple(_notices(evening)),
        games=tuple(_games(evening)),
        players=tuple(sorted(players_of(evening, known, top), key=_interest)),
        unpredicted=tuple(unpredicted_of(evening, known)),
        systems=tuple(record.systems(evening.rows["grades"], evening.rows["earlier"])),
        reliability=tuple(record.reliability(evening.rows["earlier"], HEADLINE)),
        versions=tuple((name, about.data_version) for name, about in evening.stored.items()),
        top=top,
        coverage=next((row["interval_coverage"] for row in evening.rows["claims"]), None),
    )


def _interest(player: Player) -> tuple[Any, ...]:
    """Sides taken first, then passes, then players without a line; the surest first."""
    over = player.headline.over
    sure = 0.0 if over is None else abs(over - 0.5)
    return _SIDES[player.headline.side], -sure, -(player.headline.points or 0.0), player.lookup


def _top(claims: Iterable[Row]) -> float:
    """The end of the scale of points, a multiple of ten above everything claimed."""
    highest = max((row["interval_high"] or 0.0 for row in claims), default=0.0)
    return float(10 * (int(highest) // 10 + 1))


# What is not there -------------------------------------------------------------------------------

_STAGES = {
    "nbac_schedule": "The schedule",
    "upcoming_team_game_context": "Rest, travel and game lines",
    "upcoming_player_game_context": "Who is expected",
    "player_composite_factors": "What drives a forecast",
    "ml_feature_store_v2": "The features",
    "prediction_requests": "Who is predicted",
    "system_forecasts": "The systems' forecasts",
    "player_prop_predictions": "The predictions",
    "player_game_summary": "What was played",
    "prediction_accuracy": "The grades",
}


def _notices(evening: Evening) -> Iterable[Notice]:
    """Of the day's tables: those that failed, were never built, or have nothing, and why."""
    schedule = evening.stored.get("nbac_schedule")
    if schedule is not None and not schedule.rows:
        kind, why = sentences.why_empty(schedule.skip_reason)
        yield Notice(kind, f"{evening.day}: {why}.")
        return
    for name, title in _STAGES.items():
        yield from _about(evening, name, title)
    yield from _without_lines(evening)
    if evening.rows["claims"] and not evening.rows["earlier"]:
        yield Notice(
            Nothing.MISSING,
            f"The systems' record: no grade of the {TRUST_DAYS} days before is stored.",
        )
    pending = {row["game_id"] for row in evening.rows["grades"] if row["outcome"] == PENDING}
    if pending:
        many = len(evening.rows["games"])
        yield Notice(Nothing.NOT_YET, f"The grades: {len(pending)} of {many} games are not over.")


def _without_lines(evening: Evening) -> Iterable[Notice]:
    """Whether no bookmaker has a line on anybody, or on any game."""
    over = all(row["game_status"] == GameStatus.FINAL for row in evening.rows["games"])
    kind = Nothing.MISSING if over else Nothing.NOT_YET
    for name, column, sentence in (
        ("claims", "line_value", "The points lines: nobody has one on any player."),
        ("teams", "game_spread", "The game lines: nobody has a spread on any game."),
    ):
        rows = evening.rows[name]
        if rows and all(row[column] is None for row in rows):
            yield Notice(kind, sentence)


def _about(evening: Evening, name: str, title: str) -> Iterable[Notice]:
    about = evening.stored.get(name)
    if name in evening.failures:
        kept = "an earlier state is shown" if about and about.rows else "nothing is shown"
        yield Notice(
            Nothing.FAILED, f"{title}: the newest run failed, {kept}: {evening.failures[name]}"
        )
    elif about is None:
        build = f"nba-pipeline run --date {evening.day}"
        yield Notice(Nothing.MISSING, f"{title}: never built for this day; {build} does it.")
    elif not about.rows and about.skip_reason:
        kind, why = sentences.why_empty(about.skip_reason)
        yield Notice(kind, f"{title}: {why}.")


# Games -------------------------------------------------------------------------------------------


def _games(evening: Evening) -> Iterable[Game]:
    teams = {(row["game_id"], row["team_abbr"]): row for row in evening.rows["teams"]}
    games = sorted(evening.rows["games"], key=lambda row: (str(_start(row)), row["game_id"]))
    for game in games:
        home = teams.get((game["game_id"], game["home_team_abbr"]))
        yield Game(
            id=game["game_id"],
            away=_team(game, "away", teams),
            home=_team(game, "home", teams),
            when=sentences.clock(_start(game)) or "time not known",
            where=", ".join(filter(None, (game["arena_name"], game["arena_city"]))),
            status=_STATUS[GameStatus(game["game_status"])],
            spread=_spread(home),
            total="" if home is None or home["game_total"] is None else f"{home['game_total']:g}",
        )


_STATUS = {GameStatus.SCHEDULED: "", GameStatus.LIVE: "live", GameStatus.FINAL: "final"}


def _start(game: Row) -> Any:
    return game["scheduled_start"] or game["actual_tip_off"]


def _team(game: Row, side: str, teams: Mapping[tuple[str, str], Row]) -> Team:
    code = game[f"{side}_team_abbr"]
    context = teams.get((game["game_id"], code))
    notes = () if context is None else tuple(sentences.team_notes(context))
    return Team(code, game[f"{side}_team_score"], notes)


def _spread(home: Row | None) -> str:
    """Who is favoured, and by how many points."""
    if home is None or home["game_spread"] is None:
        return ""
    spread = home["game_spread"]
    if not spread:
        return "even"
    away = parse_game_id(home["game_id"])[1]
    return f"{home['team_abbr'] if spread < 0 else away} {sentences.signed(-abs(spread))}"
