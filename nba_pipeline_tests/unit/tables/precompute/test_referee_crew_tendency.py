"""Crews by the games of their officials, against plain SQL over the recorded files."""

from datetime import date

import pytest

DAY = date(2021, 11, 15)

#: Games of tonight's officials before tonight, counted once for each who worked them.
CREWS = """
with worked as (
    select o.game_id, o.official, s.game_date, s.home_team_abbr, s.away_team_abbr
    from officials o join schedule s using (game_id)
), tonight as (select * from worked where game_date = $day),
played as (
    select game_id, sum(pts) as points, sum(pf) as fouls
    from team group by game_id
)
select tonight.home_team_abbr, count(*), round(avg(played.points), 2), round(avg(played.fouls), 2)
from tonight
join worked on worked.official = tonight.official and worked.game_date < $day
join played on played.game_id = worked.game_id
group by all
"""


@pytest.fixture
def crews(autumn):
    """The night's rows by home team."""
    rows = autumn.rows("referee_crew_tendency", DAY)
    return {row["game_id"][-3:]: row for row in rows}


def test_every_game_of_the_night_has_a_row(crews):
    assert len(crews) == 11


def test_a_crew_is_its_three_officials(crews):
    assert crews["LAL"]["officials"] == ["B.Adams", "P.Fraher", "S.Wall"]


def test_a_crew_is_what_its_officials_games_were(crews, ask_officials):
    told = {
        team: (row["games_behind"], row["crew_avg_total"], row["crew_avg_fouls"])
        for team, row in crews.items()
        if row["crew_avg_total"] is not None
    }
    expected = {team: tuple(found) for team, *found in ask_officials(CREWS, day=DAY)}
    assert len(told) > 5
    assert told == {team: pytest.approx(expected[team]) for team in told}


def test_a_crew_with_few_games_behind_it_has_no_averages(autumn):
    rows = [row for row in autumn.rows("referee_crew_tendency", DAY) if row["games_behind"] < 15]
    assert {row["crew_avg_total"] for row in rows} <= {None}


def test_the_season_s_first_days_have_no_rows(autumn):
    assert autumn.rows("referee_crew_tendency", date(2021, 10, 25)) == []
