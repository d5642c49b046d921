"""Completeness told as stories of one player, and held to a plain loop over random leagues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import Input, history, reads
from nba_pipeline.engine.inputs import plan_cells
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import Cells, Columns
from nba_pipeline.tables import completeness
from nba_pipeline.tables.completeness import SPANS

FIRST_DAY = date(2021, 11, 1)
SEASON = 2021
WINDOWS = ("l5", "l10", "l7d", "l14d", "l30d")
FINAL, SCHEDULED = 3, 1


@dataclass(frozen=True)
class TeamGame:
    """A game of a team; whether anybody's line of it is there."""

    team: str
    day: int
    status: int = FINAL
    season_type: str = "regular_season"
    is_home: bool = True
    lines: int = 10
    is_summarised: bool = True


@dataclass
class League:
    """Games of teams, appearances in box scores, and which of them were summarised."""

    games: list[TeamGame] = field(default_factory=list)
    box: dict[tuple[str, int], str] = field(default_factory=dict)
    summaries: set[tuple[str, int]] = field(default_factory=set)
    slate: list[tuple[str, str, int]] = field(default_factory=list)

    def inputs(self) -> dict[str, pa.Table]:
        summarised = [game for game in self.games if game.is_summarised]
        return {
            "tonight": table("player_lookup team_abbr", self.slate),
            "home_games": self._side("home_team_abbr", is_home=True),
            "away_games": self._side("away_team_abbr", is_home=False),
            "team_games": table(
                "team_abbr player_lines", [(g.team, g.lines, g.day) for g in summarised]
            ),
            "raw": table(
                "player_lookup team_abbr universal_player_id",
                [(who, team, f"name_{who}", day) for (who, day), team in self._box()],
            ),
            "summaries": table("player_lookup", sorted(self.summaries)),
        }

    def _box(self) -> list[tuple[tuple[str, int], str]]:
        return sorted(self.box.items())

    def _side(self, column: str, *, is_home: bool) -> pa.Table:
        return table(
            f"{column} game_status season_type",
            [(g.team, g.status, g.season_type, g.day) for g in self.games if g.is_home is is_home],
        )


def table(names: str, values: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows of some columns, the day last."""
    columns = [*names.split(), "game_date"]
    numbers = {"player_lines", "game_status"}
    schema = pa.schema(
        [(name, pa.int64() if name in numbers else pa.string()) for name in columns[:-1]]
        + [("game_date", pa.date32()), ("season_year", pa.int64())]
    )
    found = [
        {
            **dict(zip(columns, row[:-1], strict=False)),
            "game_date": FIRST_DAY + timedelta(days=row[-1]),
            "season_year": SEASON,
        }
        for row in values
    ]
    return pa.Table.from_pylist(found, schema=schema)


def a_table(entity: str, inputs: Mapping[str, Input]) -> Table:
    return Table(
        name="form",
        dataset="nba_precompute",
        description="for these tests",
        entity=(entity,),
        key=(entity,),
        columns=(Column(entity, str), Column("game_date", date)),
        inputs=inputs,
        cells=each("tonight", "player_lookup", "team_abbr", "season_year"),
        compute=lambda cells: cells.columns,
        version=1,
        fan_out=FanOut("player", "FORM_WORKERS", default_workers=1),
        settings=completeness.SETTINGS,
    )


TONIGHT = {"tonight": reads("slate", "season_year", on="player_lookup team_abbr")}
PLAYERS = a_table("player_lookup", {**TONIGHT, **completeness.PLAYER_INPUTS})
TEAMS = a_table(
    "team_abbr",
    {
        **TONIGHT,
        **completeness.TEAM_INPUTS,
        "summaries": reads(
            "team_defense_game_summary",
            "game_date",
            window=history(),
            on={"team_abbr": "team_abbr", "season_year": "season_year"},
        ),
    },
)


def seen(league: League) -> Cells:
    return plan_cells(PLAYERS, PLAYERS.settings_in({}), league.inputs()).cells


def told(columns: Columns) -> dict[str, Any]:
    """The row of the only cell."""
    return {name: values.item() for name, values in columns.items()}


# What became of a team's game: he played, did not play, played without a summary; nobody's line
# is there; it is a play-in game without lines; it is not over.
PLAYED, NIGHT_OFF, NO_SUMMARY, LOST, PLAY_IN, POSTPONED = "P-gxio"


def story(
    nights: str,
    *,
    before: str = "",
    every: int = 2,
    threshold: float = 90.0,
) -> dict[str, Any]:
    """Completeness on the day after a run of games, one letter each, oldest first.

    ``before`` tells his games for another team first.
    """
    league = League()
    for at, night in enumerate(before + nights):
        day, team = at * every, "OLD" if at < len(before) else "NEW"
        league.games.append(
            TeamGame(
                team,
                day,
                status=SCHEDULED if night == POSTPONED else FINAL,
                season_type="play_in" if night == PLAY_IN else "regular_season",
                is_home=bool(at % 2),
                lines=0 if night in (LOST, PLAY_IN) else 10,
                is_summarised=night != LOST,
            )
        )
        if night in (PLAYED, NO_SUMMARY):
            league.box["he", day] = team
        if night == PLAYED:
            league.summaries.add(("he", day))
    last = (len(before + nights) - 1) * every
    league.slate.append(("he", "NEW" if nights else "OLD", last + 1))
    cells = replace(seen(league), settings={completeness.THRESHOLD.name: threshold})
    return told(completeness.of_players(cells, "l10", WINDOWS))


def counts(row: Mapping[str, Any]) -> tuple[int, int, float]:
    return (
        row["actual_games_count"],
        row["expected_games_count"],
        row["completeness_percentage"],
    )


def day_of(game: int, every: int = 2) -> str:
    return f"missing_game_{FIRST_DAY + timedelta(days=game * every)}"


def test_a_night_off_is_no_gap() -> None:
    row = story("PPP-PP-PP-")
    assert counts(row) == (7, 7, 100.0)
    assert row["is_production_ready"]
    assert row["data_quality_issues"] == []


def test_a_game_he_played_in_without_a_summary_is_a_gap_and_is_named() -> None:
    row = story("PPPgPPPgPP")
    assert counts(row) == (8, 10, 80.0)
    assert not row["is_production_ready"]
    assert row["data_quality_issues"] == [day_of(3), day_of(7)]


def test_a_game_of_which_nobody_has_a_line_is_a_gap() -> None:
    row = story("PxPPPPPPPPP")
    assert counts(row) == (9, 10, 90.0)
    assert row["is_production_ready"]
    assert row["data_quality_issues"] == [day_of(1)]


def test_a_play_in_game_the_source_does_not_carry_is_not_expected() -> None:
    assert counts(story("PPPPPPPPPi")) == (9, 9, 100.0)


def test_a_play_in_game_without_lines_is_a_gap_in_the_data_and_no_night_off() -> None:
    row = story("PPPPPPPPPi")
    assert row["incomplete_data_type"] == "DATA_GAP"
    assert row["data_quality_issues"] == [day_of(9).replace("missing", "unpublished")]


@pytest.mark.parametrize(
    ("nights", "kind"),
    [
        ("PPPPPPPPPP", "COMPLETE"),
        ("PPPPPPPP--", "PLAYER_DNP"),
        ("PPPPPPPPgg", "DATA_GAP"),
        ("PPPPPPPPgx", "DATA_GAP"),
        ("PPPPPPPP-g", "MIXED"),
        ("PPgg", "INSUFFICIENT_HISTORY"),
    ],
)
def test_gaps_and_nights_off_are_told_apart(nights: str, kind: str) -> None:
    assert story(nights)["incomplete_data_type"] == kind


def test_a_game_that_is_not_over_is_not_expected() -> None:
    assert counts(story("PPPPPPPPPo")) == (9, 9, 100.0)


def test_only_the_window_counts_not_the_season() -> None:
    row = story("P" * 15 + "gPgPgPgPPP")
    assert counts(row) == (6, 10, 60.0)


def test_old_gaps_are_forgotten() -> None:
    assert counts(story("gggg" + "P" * 10)) == (10, 10, 100.0)


def test_his_first_game_opens_the_window_of_a_newcomer() -> None:
    assert counts(story("-----PPP")) == (3, 3, 100.0)
    assert counts(story("xxxxxPPP")) == (3, 3, 100.0)


def test_nothing_expected_is_complete_and_says_so() -> None:
    row = story("PP" + "-" * 10)
    assert counts(row) == (0, 0, 100.0)
    assert row["is_production_ready"]
    assert row["data_quality_issues"] == ["no_expected_games"]


def test_for_his_old_team_only_games_he_appeared_in_count() -> None:
    assert counts(story("PP-P", before="PxP-xPP")) == (7, 7, 100.0)
    assert counts(story("PP-P", before="PgP-gPP")) == (7, 9, 77.8)


def test_since_he_joined_every_game_of_his_new_team_counts() -> None:
    assert counts(story("PxP", before="PPPPPPPP")) == (9, 10, 90.0)


def test_before_his_first_game_for_a_new_team_nothing_of_it_counts() -> None:
    league = League(
        games=[TeamGame("NEW", day, lines=0, is_summarised=False) for day in range(0, 20, 2)],
        box={("he", 3): "OLD"},
        summaries={("he", 3)},
        slate=[("he", "NEW", 20)],
    )
    cells = seen(league)
    assert counts(told(completeness.of_players(cells, "l10"))) == (1, 1, 100.0)


def test_the_threshold_is_a_setting() -> None:
    told_at = [
        story("PPPgPPPgPP", threshold=threshold)["is_production_ready"]
        for threshold in (90.0, 70.0)
    ]
    assert told_at == [False, True]


def test_an_idle_week_is_complete() -> None:
    row = story("PPgP", every=8)
    assert (row["l7d_completeness_pct"], row["l7d_is_complete"]) == (100.0, True)
    assert (row["l14d_completeness_pct"], row["l14d_is_complete"]) == (50.0, False)
    assert not row["all_windows_complete"]
    assert not row["is_production_ready"]
    assert row["data_quality_issues"] == [day_of(2, every=8)]


def test_days_reach_back_to_the_first_and_leave_the_date_out() -> None:
    league = League(
        games=[TeamGame("BOS", day) for day in (2, 3, 9, 10)],
        box={("he", day): "BOS" for day in (2, 3, 9, 10)},
        summaries={("he", 9)},
        slate=[("he", "BOS", 10)],
    )
    cells = seen(league)
    row = told(completeness.of_players(cells, "l7d"))
    assert counts(row) == (1, 2, 50.0)
    assert row["data_quality_issues"] == [f"missing_game_{FIRST_DAY + timedelta(days=3)}"]


def test_the_reported_window_alone_decides_where_no_others_are_named() -> None:
    cells = seen(
        League(
            games=[TeamGame("BOS", day) for day in range(6)],
            box={("he", day): "BOS" for day in range(6)},
            summaries={("he", day) for day in range(1, 6)},
            slate=[("he", "BOS", 6)],
        )
    )
    assert told(completeness.of_players(cells, "l5"))["is_production_ready"]
    assert not told(completeness.of_players(cells, "l10"))["is_production_ready"]


def test_a_season_without_any_game_yet_is_complete() -> None:
    cells = seen(League(slate=[("he", "BOS", 0)]))
    row = told(completeness.of_players(cells, "l10", WINDOWS))
    assert counts(row) == (0, 0, 100.0)
    assert row["data_quality_issues"] == ["no_expected_games"]


def team_row(games: Sequence[TeamGame], day: int, reported: str = "l15") -> dict[str, Any]:
    league = League(games=list(games), slate=[("nobody", "BOS", day)])
    inputs = league.inputs()
    inputs["summaries"] = inputs["team_games"]
    cells = plan_cells(TEAMS, TEAMS.settings_in({}), inputs).cells
    return told(completeness.of_teams(cells, reported))


def test_a_game_counts_once_at_home_or_away() -> None:
    games = [TeamGame("BOS", day, is_home=day % 2 == 0) for day in range(10)]
    assert counts(team_row(games, 10)) == (10, 10, 100.0)


def test_of_a_team_fifteen_games_are_looked_at() -> None:
    games = [TeamGame("BOS", day, is_home=day % 3 == 0) for day in range(20)]
    games[3] = TeamGame("BOS", 3, is_summarised=False)
    games[12] = TeamGame("BOS", 12, is_home=False, is_summarised=False)
    row = team_row(games, 20)
    assert counts(row) == (14, 15, 93.3)
    assert row["data_quality_issues"] == [f"missing_game_{FIRST_DAY + timedelta(days=12)}"]


def test_a_team_plays_nothing_that_is_not_over() -> None:
    games = [TeamGame("BOS", 1), TeamGame("BOS", 2, status=SCHEDULED, is_summarised=False)]
    assert counts(team_row(games, 5)) == (1, 1, 100.0)


# Against a plain loop ----------------------------------------------------------------------------

WHO = st.sampled_from(["al", "bo", "cy"])
CLUBS = st.sampled_from(["BOS", "LAL"])
DAYS = st.integers(0, 40)


@st.composite
def leagues(draw: st.DrawFn) -> League:
    days = draw(st.lists(st.tuples(CLUBS, DAYS), unique=True, max_size=40))
    games = [
        TeamGame(
            team,
            day,
            status=draw(st.sampled_from([FINAL, FINAL, FINAL, SCHEDULED])),
            season_type=draw(st.sampled_from(["regular_season", "play_in"])),
            is_home=draw(st.booleans()),
            lines=draw(st.sampled_from([0, 10])),
            is_summarised=draw(st.booleans()),
        )
        for team, day in days
    ]
    playable = st.sampled_from(days) if days else st.nothing()
    box = {}
    for who in ("al", "bo", "cy"):
        for team, day in draw(st.lists(playable, max_size=25)) if days else ():
            box[who, day] = team
    lost = draw(st.sets(st.sampled_from(sorted(box)), max_size=5)) if box else set()
    slate = draw(st.lists(st.tuples(WHO, CLUBS, DAYS), min_size=1, max_size=6, unique=True))
    return League(games, box, set(box) - lost, slate)


@dataclass
class Found:
    """Games that are there; days of the missing and of those left out by the source; nights off."""

    actual: int = 0
    missing: list[int] = field(default_factory=list)
    unpublished: list[int] = field(default_factory=list)
    nights_off: int = 0

    @property
    def kind(self) -> str:
        gaps = len(self.missing) + len(self.unpublished)
        if not gaps and not self.nights_off:
            return "COMPLETE"
        if self.actual + gaps + self.nights_off < 5:
            return "INSUFFICIENT_HISTORY"
        if not self.nights_off:
            return "DATA_GAP"
        return "MIXED" if gaps else "PLAYER_DNP"


def oracle(league: League, who: str, team: str, today: int, window: str) -> Found:
    """A window's games, written down as the definition reads."""
    box = {day: club for (name, day), club in league.box.items() if name == who and day < today}
    there = {day for name, day in league.summaries if name == who and day < today}
    finals = {
        game.day: game
        for game in league.games
        if game.team == team and game.status == FINAL and game.day < today
    }
    joined = today
    for day in sorted(box, reverse=True):
        if box[day] != team:
            break
        joined = day
    expected = sorted({*box, *there, *(day for day in finals if day >= joined)})
    span = SPANS[window]
    inside = [day for day in expected if day >= today - span.days] if span.days else expected
    if span.games:
        inside = inside[-span.games :]
    found = Found()
    for day in inside:
        game = finals.get(day)
        nobody = game is not None and not (game.is_summarised and game.lines)
        if day in there:
            found.actual += 1
        elif day in box or (nobody and game.season_type != "play_in"):
            found.missing.append(day)
        elif nobody:
            found.unpublished.append(day)
        else:
            found.nights_off += 1
    return found


@settings(max_examples=50)
@given(leagues())
def test_every_window_is_what_a_plain_loop_finds(league: League) -> None:
    cells = seen(league)
    result = {name: completeness.of_players(cells, name) for name in WINDOWS}
    together = completeness.of_players(cells, "l10", WINDOWS)
    for at in range(len(cells)):
        today = (cells["game_date"][at].astype(object) - FIRST_DAY).days
        who, team = cells["player_lookup"][at], cells["team_abbr"][at]
        for name in WINDOWS:
            found = oracle(league, who, team, today, name)
            actual, missing = found.actual, found.missing
            expected = actual + len(missing)
            pct = round(100 * actual / expected, 1) if expected else 100.0
            columns = {column: values[at] for column, values in result[name].items()}
            assert columns["actual_games_count"] == actual
            assert columns["missing_games_count"] == len(missing)
            assert columns["expected_games_count"] == expected
            assert columns["completeness_percentage"] == pct
            assert columns["is_production_ready"] == (pct >= 90)
            assert columns["data_quality_issues"] == named(found, expected)
            assert columns["incomplete_data_type"] == found.kind
            assert together[f"{name}_completeness_pct"][at] == columns["completeness_percentage"]


def named(found: Found, expected: int) -> list[str]:
    kinds = dict.fromkeys(found.missing, "missing") | dict.fromkeys(
        found.unpublished, "unpublished"
    )
    games = [f"{kinds[day]}_game_{FIRST_DAY + timedelta(days=day)}" for day in sorted(kinds)]
    return games if expected else ["no_expected_games", *games]


@settings(max_examples=50)
@given(leagues())
def test_a_cell_does_not_notice_its_neighbours(league: League) -> None:
    cells = seen(league)
    whole = completeness.of_players(cells, "l10", WINDOWS)
    for at in range(len(cells)):
        alone = completeness.of_players(cells.part(at, at + 1), "l10", WINDOWS)
        for name, values in whole.items():
            assert np.array_equal(alone[name], values[at : at + 1]), name
