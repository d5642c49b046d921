"""Whether what we claim can be used: who is predicted, by how many, from what, and how it went."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from statistics import fmean

from nba_pipeline.engine.timings import Row
from nba_pipeline.engine.wording import counted, some_of
from nba_pipeline.tables.predictions.prediction_requests import MIN_MINUTES, NOT_PLAYING
from nba_pipeline.tables.predictions.systems import MARKET
from nba_pipeline.validation.finding import (
    Finding,
    Outcome,
    at_least,
    at_most,
    not_applicable,
    passes,
)
from nba_pipeline.validation.night import Night

#: Percent of eligible players who are predicted: fine, and not yet wrong.
COVERAGE_GOOD, COVERAGE_FAIR = 95.0, 85.0
#: Mean quality of features, of 100: fine, and not yet wrong.
QUALITY_GOOD, QUALITY_FAIR = 70.0, 50.0
#: Percent of feature rows that stand on complete data: silver and better, and bronze.
READY_GOOD, READY_FAIR = 75.0, 50.0
#: Systems that know no line and claim something of each player; similarity may abstain.
SYSTEMS_GOOD, SYSTEMS_FAIR = 5, 4
#: Percent of predicted players who are graded the morning after.
GRADED = 50.0
#: How much larger the week's error may be than the month's: fine, and not yet wrong.
DRIFT_GOOD, DRIFT_FAIR = 1.10, 1.25

_SIMILARITY = "similarity_balanced_v1"
_FEWEST_WEEK, _FEWEST_MONTH = 4, 14


def coverage(night: Night) -> Finding:
    """Players predicted among those who are eligible."""
    name = "prediction_coverage"
    eligible = _eligible(night)
    if why := _nothing_predicted(night):
        return not_applicable(name, why)
    if not eligible:
        return not_applicable(name, f"nobody is eligible on {night.day}")
    predicted = {_who(row) for row in night.rows.get("player_prop_predictions", ())}
    missing = sorted(eligible - predicted)
    percent = 100 * (1 - len(missing) / len(eligible))
    sentence = (
        f"{len(eligible) - len(missing):,} of {counted(len(eligible), 'eligible player')} of "
        f"{night.day} are predicted ({percent:.1f} %)"
    )
    if missing:
        sentence += f"; not {some_of([player for _, player in missing])}"
    return Finding(name, at_least(percent, COVERAGE_GOOD, COVERAGE_FAIR), sentence, night.run_again)


def _nothing_predicted(night: Night) -> str:
    """Why there is nothing to say about predictions."""
    if night.unpredicted:
        return night.unpredicted
    is_there = "player_prop_predictions" in night.rows
    if not is_there and night.is_live and night.is_before(night.at(7, 30)):
        return f"predictions for {night.day} are due at 07:30"
    return ""


def _eligible(night: Night) -> set[tuple[str, str]]:
    """Who is ready, expected to play enough, and neither out nor doubtful."""
    least = MIN_MINUTES.number(night.environ)
    return {
        _who(row)
        for row in night.rows.get("upcoming_player_game_context", ())
        if row["is_production_ready"]
        and (row["avg_minutes_per_game_last_7"] or 0) >= least
        and (row["player_status"] or "").strip().lower() not in NOT_PLAYING
    }


def _who(row: Row) -> tuple[str, str]:
    return row["game_id"], row["player_lookup"]


def per_player(night: Night) -> Finding:
    """How many systems that know no line speak of each predicted player."""
    name = "predictions_per_player"
    systems: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in night.rows.get("player_prop_predictions", ()):
        systems[_who(row)].add(row["system_id"])
    if not systems:
        return not_applicable(name, f"nobody is predicted on {night.day}")
    spoke = {who: found - {MARKET.id} for who, found in systems.items()}
    few = sorted(player for (_, player), found in spoke.items() if len(found) < SYSTEMS_FAIR)
    if few:
        return Finding(
            name,
            Outcome.FAIL,
            f"{counted(len(few), 'player')} of {night.day} have fewer than {SYSTEMS_FAIR} "
            f"predictions: {some_of(few)}",
            night.run_again,
        )
    # Similarity may have too few games to compare with; another's silence is worth a look.
    odd = sorted(
        player
        for (_, player), found in spoke.items()
        if len(found) < SYSTEMS_GOOD and _SIMILARITY in found
    )
    if odd:
        return Finding(
            name,
            Outcome.PARTIAL,
            f"{counted(len(odd), 'player')} of {night.day} lack a system other than "
            f"{_SIMILARITY}: {some_of(odd)}",
            night.run_again,
        )
    silent = sum(1 for found in spoke.values() if _SIMILARITY not in found)
    return passes(
        name,
        f"{counted(len(spoke), 'player')} of {night.day} have {SYSTEMS_GOOD} predictions each, "
        f"{silent} of them {SYSTEMS_FAIR} because {_SIMILARITY} abstains",
    )


def quality(night: Night) -> Finding:
    """The mean quality of the features of a date."""
    name = "feature_quality"
    rows = _features(night)
    if not rows:
        return not_applicable(name, _no_features(night))
    mean = fmean(row["feature_quality_score"] for row in rows)
    return Finding(
        name,
        at_least(mean, QUALITY_GOOD, QUALITY_FAIR),
        f"features of {counted(len(rows), 'player')} of {night.day} have a mean quality of "
        f"{mean:.1f} of 100",
    )


def degraded(night: Night) -> Finding:
    """How many feature rows are marked as standing on incomplete data."""
    name = "degraded_rows"
    rows = _features(night)
    if not rows:
        return not_applicable(name, _no_features(night))
    ready = sum(1 for row in rows if row["is_production_ready"])
    percent = 100 * ready / len(rows)
    tier = next(word for word, least in _TIERS if percent >= least)
    return Finding(
        name,
        at_least(percent, READY_GOOD, READY_FAIR),
        f"{ready} of {counted(len(rows), 'feature row')} of {night.day} stand on complete data "
        f"({percent:.1f} %, {tier})",
        night.run_again,
    )


_TIERS = (("gold", 95), ("silver", 75), ("bronze", 50), ("poor", 25), ("unusable", 0))


def _features(night: Night) -> list[Row]:
    rows = night.rows.get("ml_feature_store_v2", ())
    return [row for row in rows if not row["early_season_flag"]]


def _no_features(night: Night) -> str:
    if not night.games:
        return f"no games on {night.day}"
    return f"ml_feature_store_v2 has no rows of {night.day} that are more than placeholders"


def grading(night: Night) -> Finding:
    """The share of predicted players who are graded, from nine the morning after."""
    name = "grading"
    predicted = {_who(row) for row in night.rows.get("player_prop_predictions", ())}
    if not predicted:
        return not_applicable(name, f"nobody is predicted on {night.day}")
    graded = {
        _who(row)
        for row in night.rows.get("prediction_accuracy", ())
        if row["outcome"] != "pending"
    }
    percent = 100 * len(graded & predicted) / len(predicted)
    sentence = (
        f"{len(graded & predicted)} of {counted(len(predicted), 'predicted player')} of "
        f"{night.day} are graded ({percent:.1f} %)"
    )
    if percent >= GRADED:
        return passes(name, sentence)
    if night.is_before(night.at(9, days=1)):
        return not_applicable(name, f"grades of {night.day} are due at 09:00 the morning after")
    late = not night.is_before(night.at(12, days=1))
    return Finding(name, Outcome.FAIL if late else Outcome.PARTIAL, sentence, night.run_again)


def drift(night: Night) -> Finding:
    """The ensemble's mean error of a week beside that of a month."""
    name = "error_drift"
    week = [error for day, error in night.errors.items() if night.day - day < timedelta(days=7)]
    if len(week) < _FEWEST_WEEK or len(night.errors) < _FEWEST_MONTH:
        return not_applicable(
            name,
            f"{counted(len(night.errors), 'graded date')} in the month up to {night.day}, "
            f"{_FEWEST_MONTH} are needed",
        )
    recent, usual = fmean(week), fmean(night.errors.values())
    return Finding(
        name,
        at_most(recent / usual, DRIFT_GOOD, DRIFT_FAIR),
        f"the ensemble missed by {recent:.2f} points in the week up to {night.day}, by "
        f"{usual:.2f} in the month ({100 * (recent / usual - 1):+.1f} %)",
    )
