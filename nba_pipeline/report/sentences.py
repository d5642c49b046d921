"""What the page says in words: of rest and travel, what drove a forecast, what is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.domain.grading import GRADED, OVER, PENDING, PUSH, UNDER, VOID
from nba_pipeline.engine.wording import counted

Row = Mapping[str, Any]

#: From how much on rest and travel are worth a word.
LONG_TRIP, MANY_ROAD_GAMES, MANY_GAMES, LONG_REST = 1500, 4, 4, 3

#: Points from which a factor is worth a word beside a player's name.
FELT = 0.3

TITLES = {
    "ensemble_v1": "Ensemble",
    "moving_average": "Moving average",
    "zone_matchup_v1": "Zone match-up",
    "similarity_balanced_v1": "Similar games",
    "xgboost_v1": "Boosted trees",
    "market_blend_v1": "Market blend",
}


class Nothing(StrEnum):
    """The kinds of nothing there are, each with what it is called on the page."""

    NO_GAMES = "no games"
    NOT_YET = "not yet"
    MISSING = "missing"
    FAILED = "failed"


#: By the ``skip_reason`` kept with a partition without rows: its kind of nothing, and the words.
EMPTY_REASONS = {
    "no_games": (Nothing.NO_GAMES, "no game is scheduled"),
    "offseason": (Nothing.NO_GAMES, "no season is on"),
    "not_yet": (Nothing.NOT_YET, "the games have not been played"),
    "bootstrap_period": (Nothing.NOT_YET, "the season is too young"),
    "not_its_weekday": (Nothing.NOT_YET, "it is made on one day of the week only"),
    "missing": (Nothing.MISSING, "the games were played, but the source has nothing of them"),
    "nothing_published": (Nothing.MISSING, "the source has nothing of the day"),
}


def why_empty(reason: str) -> tuple[Nothing, str]:
    """Which kind of nothing a partition without rows is, and why in words.

    Args:
        reason: The ``skip_reason`` kept with it.
    """
    return EMPTY_REASONS.get(
        reason, (Nothing.MISSING, reason.replace("_", " ") or "nobody says why")
    )


def clock(moment: datetime | None) -> str:
    """A time of day on the US East Coast, as schedules print it; empty where there is none."""
    if moment is None:
        return ""
    local = moment.astimezone(EASTERN)
    return f"{local.hour % 12 or 12}:{local:%M %p} ET"


def signed(value: float, decimals: int = 1) -> str:
    """A number with its sign, the typographer's minus among them; zero has none."""
    text = f"{value:+.{decimals}f}".replace("-", "−")
    return text if float(f"{value:.{decimals}f}") else text[1:]


def team_notes(team: Row) -> list[str]:
    """What of a team's rest and travel is worth a word."""
    told = []
    rest = team["team_days_rest"]
    if team["team_back_to_back"]:
        told.append("played yesterday")
    elif rest is not None and rest >= LONG_REST:
        told.append(f"{rest} days off")
    if team["games_in_last_7_days"] >= MANY_GAMES:
        told.append(f"{team['games_in_last_7_days']} games in 7 days")
    if team["consecutive_road_games"] >= MANY_ROAD_GAMES:
        told.append(f"road game {team['consecutive_road_games']} in a row")
    if (team["travel_miles"] or 0) >= LONG_TRIP:
        zones = team["time_zone_changes"]
        across = f", {counted(zones, 'time zone')}" if zones else ""
        told.append(f"{team['travel_miles']:,} miles{across}")
    if team["starters_out_count"]:
        told.append(f"{counted(team['starters_out_count'], 'starter')} out")
    return told


def factor_points(factors: Row | None) -> dict[str, float]:
    """The four composite factors in points, by what they are called."""
    if factors is None:
        return {}
    return {
        # As the table has it: 100 is fresh and costs nothing.
        "fatigue": (factors["fatigue_score"] - 100) / 20,
        "match-up": factors["shot_zone_mismatch_score"],
        "pace": factors["pace_score"],
        "usage": factors["usage_spike_score"],
    }


def drivers(factors: Row | None, expected: Row | None) -> list[str]:
    """The few things that make tonight unlike any night, the largest first."""
    felt = sorted(
        ((name, points) for name, points in factor_points(factors).items() if abs(points) >= FELT),
        key=lambda pair: -abs(pair[1]),
    )
    told = [f"{name} {signed(points)}" for name, points in felt]
    if expected is None:
        return told
    if expected["back_to_back"]:
        told.append("played yesterday")
    if expected["star_teammates_out"]:
        told.append(f"{counted(expected['star_teammates_out'], 'star teammate')} out")
    return told


def factor_sentences(factors: Row | None, expected: Row | None) -> list[str]:
    """How each composite factor came about, and what it is worth."""
    if factors is None:
        return []
    points = factor_points(factors)
    return [
        f"Fatigue {signed(points['fatigue'])}: {factors['fatigue_score']} of 100 (100 is fresh)"
        + _load(expected),
        f"Match-up {signed(points['match-up'])}" + _zones(factors["shot_zone_context_json"]),
        f"Pace {signed(points['pace'])}" + _pace(factors["pace_context_json"]),
        f"Usage {signed(points['usage'])}" + _usage(factors["usage_context_json"]),
    ]


def _load(expected: Row | None) -> str:
    if expected is None:
        return ""
    told = []
    if expected["days_rest"] is not None:
        told.append(f"{counted(expected['days_rest'], 'day')} off")
    told.append(f"{counted(expected['games_in_last_7_days'], 'game')} in 7 days")
    if expected["avg_minutes_per_game_last_7"] is not None:
        told.append(f"{expected['avg_minutes_per_game_last_7']:.0f} minutes in each")
    return "; " + ", ".join(told)


def _zones(context: str | None) -> str:
    known = json.loads(context or "{}")
    zone, share = known.get("player_primary_zone"), known.get("primary_zone_frequency")
    if zone is None or share is None:
        return ": his shots or the defence are not known"
    told = f": {share:.0f} % of his shots are from {_plain(zone)}"
    weak = known.get("opponent_weak_zone")
    return told if weak is None else f"{told}; the defence is weakest at {_plain(weak)}"


def _plain(zone: str) -> str:
    return {"perimeter": "three", "mid_range": "mid-range", "paint": "the paint"}.get(zone, zone)


def _pace(context: str | None) -> str:
    known = json.loads(context or "{}")
    opponent, league = known.get("opponent_pace_last_10"), known.get("league_avg_pace")
    if opponent is None or league is None:
        return ""
    return f": the opponent plays at {opponent:.1f}, the league at {league:.1f}"


def _usage(context: str | None) -> str:
    known = json.loads(context or "{}")
    recent, projected = known.get("avg_usage_last_7"), known.get("projected_usage_rate")
    if recent is None:
        return ""
    if projected is None:
        return f": {recent:.1f} % lately; nobody says who is out, so none is projected"
    return f": {recent:.1f} % lately, {projected:.1f} % projected"


def line_sentence(claim: Row, opening: float | None) -> str:
    """Which line the claim is held against, whose it is and where it came from."""
    if claim["line_value"] is None:
        if claim["estimated_line_value"] is None:
            return "No bookmaker has a line."
        games = (claim["estimation_method"] or "").rpartition("_")[2]
        return (
            f"No bookmaker has a line; his last {games} games average "
            f"{claim['estimated_line_value']:.1f} to the half."
        )
    told = f"Line {claim['line_value']:g}, {claim['line_rule'].replace('_', ' ')}"
    if claim["line_book"]:
        told += f", {claim['line_book']}"
    if claim["line_taken_at"]:
        told += f", as it stood at {clock(claim['line_taken_at'])}"
    if opening is not None and opening != claim["line_value"]:
        told += f"; it opened at {opening:g}"
    return told + "."


def form_sentences(form: Sequence[int], expected: Row | None) -> list[str]:
    """What he scored lately, oldest game first."""
    if not form:
        return ["He has played no game in the last three months."]
    told = [f"Points in his last {counted(len(form), 'game')}: {', '.join(map(str, form))}."]
    if expected and expected["points_avg_last_5"] is not None:
        told.append(f"Mean of the last 5 games: {expected['points_avg_last_5']:.1f}.")
    return told


def quality_sentences(claim: Row, features: Row | None, factors: Row | None) -> list[str]:
    """How far the inputs can be trusted, and what of them is not there."""
    ready = "ready for production" if claim["is_production_ready"] else "not ready for production"
    told = [f"Quality {claim['feature_quality_score']:.1f} of 100, {ready}."]
    if features is not None:
        origins = zip(features["feature_names"], features["feature_sources"], strict=True)
        assumed = [name.replace("_", " ") for name, origin in origins if origin == "default"]
        if assumed:
            told.append(f"Assumed, not measured: {', '.join(assumed)}.")
    if factors is not None and factors["missing_data_fields"]:
        told.append(f"Not known: {factors['missing_data_fields'].replace('_', ' ')}.")
    return told


def verdict(outcome: str, recommendation: str, is_correct: bool | None) -> str:
    """How a claim turned out, in one word."""
    if outcome != GRADED:
        return {PUSH: "push", VOID: "void", PENDING: "pending"}[outcome]
    if recommendation not in (OVER, UNDER) or is_correct is None:
        return "no side"
    return "hit" if is_correct else "miss"
