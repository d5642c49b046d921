"""Whether things were there in time. Of a date that was not run live, the clock asks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from nba_pipeline.domain.calendar import EASTERN
from nba_pipeline.engine.reading import SCHEDULE
from nba_pipeline.validation.finding import Finding, Outcome, at_most, not_applicable
from nba_pipeline.validation.night import Night, eastern

#: Hours from the summaries to the predictions: fine, and not yet wrong.
DELAY_GOOD, DELAY_FAIR = 6.0, 10.0


@dataclass(frozen=True)
class Due:
    """When a table has to be there for the first time, hours and minutes Eastern of the date.

    Attributes:
        name: Of the check.
        table: The table.
        good: By when.
        fair: Before when it is late, and not yet wrong.
    """

    name: str
    table: str
    good: tuple[int, int]
    fair: tuple[int, int]


DUE = (
    Due("feature_store_time", "ml_feature_store_v2", (6, 30), (11, 0)),
    Due("first_prediction_time", "player_prop_predictions", (7, 30), (11, 30)),
)


@dataclass(frozen=True)
class Age:
    """How old the last look at a source may be when a game begins, or now if none has.

    Attributes:
        name: Of the check.
        table: The raw table that was looked at.
        what: For people.
        good: Hours that are fine.
        fair: Hours that are not yet wrong.
        open_from: Hour before which nobody looks.
        open_to: Hour after which nobody has to.
    """

    name: str
    table: str
    what: str
    good: float
    fair: float
    open_from: int = 0
    open_to: int = 24


AGES = (
    Age("schedule_age", SCHEDULE, "the schedule", 6, 36, 7),
    Age("props_age", "odds_api_player_points_props", "the list of points props", 4, 12, 8, 20),
    Age("game_lines_age", "odds_api_game_lines", "the list of game lines", 4, 12, 8, 20),
    Age("injury_report_age", "nbac_injury_report", "the injury report", 8, 24, 9),
    Age("player_list_age", "nbac_player_list", "the player list", 24, 48, 10),
)
#: Hours that are fine for the schedule in the play-offs.
_PLAYOFF_SCHEDULE = 12


def _why_not(night: Night) -> str:
    if not night.games:
        return f"no games on {night.day}"
    if not night.is_live:
        return f"{night.day} was not run live"
    return ""


def first_times(night: Night) -> Iterator[Finding]:
    """When the features and the predictions were there for the first time."""
    for due in DUE:
        yield _first_time(night, due)


def _first_time(night: Night, due: Due) -> Finding:
    if why := _why_not(night) or night.unpredicted:
        return not_applicable(due.name, why)
    good, fair = night.at(*due.good), night.at(*due.fair)
    done = [
        run["completed_at"]
        for run in night.runs.get(due.table, ())
        if run["success"] and not run["is_unchanged"]
    ]
    if not done:
        if night.is_before(good):
            return not_applicable(due.name, f"{due.table} of {night.day} is due {eastern(good)}")
        outcome = Outcome.PARTIAL if night.is_before(fair) else Outcome.FAIL
        sentence = f"{due.table} of {night.day} is not there, it was due at {eastern(good)}"
        return Finding(due.name, outcome, sentence, night.run_again)
    first = min(done)
    outcome = Outcome.PASS if first <= good else Outcome.PARTIAL if first < fair else Outcome.FAIL
    return Finding(
        due.name,
        outcome,
        f"{due.table} of {night.day} was there {_when(night, first)}, due at {eastern(good)}",
    )


def _when(night: Night, moment: datetime) -> str:
    """``at 07:10``; with its date where that is another than the night's."""
    there = moment.astimezone(EASTERN)
    on = "" if there.date() == night.day else f" on {there:%Y-%m-%d}"
    return f"at {there:%H:%M}{on}"


def cascade_delay(night: Night) -> Finding:
    """Hours from the last summary to the first prediction."""
    name = "cascade_delay"
    if why := _why_not(night):
        return not_applicable(name, why)
    minutes = night.cascade.get("total_delay_min")
    if minutes is None:
        return not_applicable(name, f"the phases of {night.day} have not all run")
    return Finding(
        name,
        at_most(minutes / 60, DELAY_GOOD, DELAY_FAIR),
        f"{minutes:,.1f} minutes passed from the summaries to the predictions of {night.day}, "
        f"at most {DELAY_GOOD:g} hours are fine",
        f"nba-pipeline cascade --date {night.day}",
    )


def ages(night: Night) -> Iterator[Finding]:
    """How old the last look at each source was when the first game began."""
    for age in AGES:
        yield _age(night, age)


def _age(night: Night, age: Age) -> Finding:
    is_schedule = age.table == SCHEDULE
    # Before a day without games the schedule is looked at, too, while a season is on.
    why = "" if is_schedule and night.game_days and night.is_live else _why_not(night)
    moment = min(night.now, night.first_tip_off, _closing(night, age))
    if not why and moment < night.at(age.open_from):
        why = f"{age.what} is due from {eastern(night.at(age.open_from))} on"
    if why:
        return not_applicable(age.name, why)
    looks = [
        run["started_at"]
        for run in night.runs.get(age.table, ())
        if run["success"] and run["started_at"] <= moment
    ]
    fix = f"{night.run_again} --select {age.table}"
    if not looks:
        if is_schedule and not night.games:
            return not_applicable(age.name, f"nothing of {night.day} has been run")
        sentence = f"{age.what} of {night.day} had not been looked at by {eastern(moment)}"
        return Finding(age.name, Outcome.FAIL, sentence, fix)
    hours = (moment - max(looks)) / timedelta(hours=1)
    good = _PLAYOFF_SCHEDULE if is_schedule and _is_playoffs(night) else age.good
    return Finding(
        age.name,
        at_most(hours, good, age.fair),
        f"{age.what} of {night.day} had last been looked at {hours:.1f} hours before "
        f"{eastern(moment)}, at most {good:g} are fine",
        fix,
    )


def _closing(night: Night, age: Age) -> datetime:
    return night.at(age.open_to) if age.open_to < 24 else night.at(0, days=1)


def _is_playoffs(night: Night) -> bool:
    return any(game["season_type"] in ("playoffs", "play_in") for game in night.games)
