"""How like the NBA a season is, in numbers: for holding the simulated league against a real one.

Reads the archive format from any source, so that both sides are measured by the same lines.
Nothing here enters a table; the figures are for people and for tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from nba_pipeline.engine.protocols import Source


@dataclass(frozen=True)
class Measure:
    """One figure about a season.

    Attributes:
        name: What is measured.
        value: SQL of one number.
        rows: SQL of the rows it is taken over; feeds are tables there.
        feeds: The feeds these rows need; a source without any of one has no such figure.
    """

    name: str
    value: str
    rows: str
    feeds: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The whole query; its parts are constants of this module."""
        return f"select {self.value} from {self.rows}"  # noqa: S608


_ZONES = (
    ("paint", "not d_is_three and coalesce(d_shot_distance_ft, 0) <= 8"),
    ("mid-range", "not d_is_three and d_shot_distance_ft > 8"),
    ("three", "d_is_three"),
)
_SHOTS = "(select * from play_by_play where d_is_fg_attempt)"
_CLOSING = """(
    select close_home_spread + home_score - away_score as beyond_spread,
           home_score + away_score - close_total as beyond_total
    from schedule join game_lines using (game_id))"""
_AVERAGES = """(
    select avg(pts) as points from player_box group by player_id having count(*) >= 10)"""
_USAGE = """(
    select 100 * (p.fga + 0.44 * p.fta + p.tov) * (t.minutes / 5.0)
           / (p.minutes * (t.fga + 0.44 * t.fta + t.tov)) as usage
    from player_box p join team_box t using (game_id, team_abbr) where p.minutes >= 10)"""
_ASKED = """(
    select asked.line, played.pts
    from (select date, player_id, avg(line) as line
          from player_props where market = 'player_points' group by all) asked
    join player_box played on played.player_id = asked.player_id
                           and played.game_date = asked.date)"""


def _of_team(name: str, value: str) -> Measure:
    return Measure(name, value, "team_box", ("team_box",))


def _of_player(name: str, value: str) -> Measure:
    return Measure(name, value, "player_box", ("player_box",))


def _of_shots(name: str, value: str) -> Measure:
    return Measure(name, value, _SHOTS, ("play_by_play",))


def _of_games(name: str, value: str) -> Measure:
    return Measure(name, value, "schedule", ("schedule",))


def _of_lines(name: str, value: str) -> Measure:
    return Measure(name, value, _CLOSING, ("schedule", "game_lines"))


def _of_props(name: str, value: str) -> Measure:
    return Measure(name, value, _ASKED, ("player_props", "player_box"))


MEASURES = (
    _of_team("points a team, mean", "avg(pts)"),
    _of_team("points a team, deviation", "stddev_pop(pts)"),
    _of_team(
        "pace, possessions in 48 minutes",
        "avg((fga + 0.44 * fta + tov - oreb) * 240 / minutes)",
    ),
    _of_team("field goals attempted", "avg(fga)"),
    _of_team("field goals, share made", "sum(fgm) / sum(fga)"),
    _of_team("threes attempted", "avg(fg3a)"),
    _of_team("threes, share made", "sum(fg3m) / sum(fg3a)"),
    _of_team("free throws attempted", "avg(fta)"),
    _of_team("free throws, share made", "sum(ftm) / sum(fta)"),
    _of_team("fouls", "avg(pf)"),
    _of_team("rebounds", "avg(reb)"),
    _of_team("offensive rebounds", "avg(oreb)"),
    _of_team("assists", "avg(ast)"),
    _of_team("steals", "avg(stl)"),
    _of_team("blocks", "avg(blk)"),
    _of_team("turnovers", "avg(tov)"),
    *(
        _of_shots(f"shots from {zone}, share of attempts", f"avg(({where})::int)")
        for zone, where in _ZONES
    ),
    *(
        _of_shots(f"shots from {zone}, share made", f"avg(d_is_made::int) filter ({where})")
        for zone, where in _ZONES
    ),
    _of_shots(
        "makes assisted, share",
        "count(d_assist_player_id) filter (d_is_made) / count(*) filter (d_is_made)",
    ),
    _of_player("players used by a team", "count(*) / count(distinct game_id) / 2"),
    _of_player("points of a player, mean", "avg(pts)"),
    *(
        _of_player(f"points of a player, {at:.0%} quantile", f"quantile_cont(pts, {at})")
        for at in (0.5, 0.75, 0.9, 0.99)
    ),
    *(
        _of_player(f"minutes of a player, {at:.0%} quantile", f"quantile_cont(minutes, {at})")
        for at in (0.25, 0.5, 0.75, 0.9)
    ),
    _of_player("minutes of a starter, mean", "avg(minutes) filter (is_starter)"),
    Measure("best average of a player, points", "max(points)", _AVERAGES, ("player_box",)),
    *(
        Measure(
            f"usage of a player, {at:.0%} quantile",
            f"quantile_cont(usage, {at})",
            _USAGE,
            ("player_box", "team_box"),
        )
        for at in (0.1, 0.5, 0.9)
    ),
    _of_games("home team's margin, mean", "avg(home_score - away_score)"),
    _of_games("margin, deviation", "stddev_pop(home_score - away_score)"),
    _of_games("games won at home, share", "avg((home_score > away_score)::int)"),
    _of_games("games with overtime, share", "avg((periods_played > 4)::int)"),
    _of_lines("closing spread, mean absolute error", "avg(abs(beyond_spread))"),
    _of_lines("closing total, mean absolute error", "avg(abs(beyond_total))"),
    Measure(
        "closing spread, deviation", "stddev_pop(close_home_spread)", "game_lines", ("game_lines",)
    ),
    Measure(
        "spread's move from opening to closing, mean",
        "avg(abs(close_home_spread - open_home_spread))",
        "game_lines",
        ("game_lines",),
    ),
    _of_props("points line, mean absolute error", "avg(abs(pts - line))"),
    _of_props("points over the line, share", "avg((pts > line)::int) filter (pts <> line)"),
)


def measured(source: Source, days: Sequence[date]) -> dict[str, float]:
    """Every figure a source has rows for, by name.

    Args:
        source: Where facts come from.
        days: The NBA days measured, all games on them alike.
    """
    wanted = {name for measure in MEASURES for name in measure.feeds}
    tables = {name: source.read(name, days) for name in sorted(wanted)}
    found = {}
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        for measure in MEASURES:
            if all(tables[name].num_rows for name in measure.feeds):
                answer = connection.execute(measure.sql).fetchone()
                if answer and answer[0] is not None:
                    found[measure.name] = float(answer[0])
    return found
