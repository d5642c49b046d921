"""How many recorded names are matched, which are not, and that none is matched wrongly.

Each name is matched as the tables do it: with those who had appeared in the season before its day.
"Afterwards" is the same with everybody who appeared in the season, as a reviewer sees it later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pytest

from nba_pipeline.domain.aliases import reviewed_aliases
from nba_pipeline.domain.name_resolution import KnownPlayers, Resolution, Rule
from nba_pipeline.domain.teams import tricode
from nba_pipeline.tables.raw.nbac_injury_report import written_names

PROPS, MOVES = "player_props_2024_25_to_2024_12_15", "injury_transactions_2021_23"
BOX = {PROPS: "player_box_2024_25_to_2024_12_15", MOVES: "player_box_2021_22"}

# Props: lines. Moves: of the season 2021-22, which is the one with box scores.
NAMES = {
    PROPS: "select game_date, player_name, home_team, away_team, max(player_id), count(*) "
    "from read_parquet($file) group by all",
    MOVES: "select date, coalesce(relinquished, acquired), team, team, null, count(*) "
    "from read_parquet($file) where date between '2021-10-19' and '2022-06-16' group by all",
}


@dataclass(frozen=True)
class Written:
    """A name in a file, with the rows that have it and the id its publisher gives, if any."""

    day: date
    name: str
    teams: tuple[str, ...]
    published_id: int | None
    rows: int


@dataclass(frozen=True)
class Matched:
    """What became of the names of a file."""

    found: list[tuple[Written, Resolution]]

    @property
    def rate(self) -> float:
        """Percentage of the rows whose name is somebody's."""
        rows = sum(name.rows for name, _ in self.found)
        return round(100 * (1 - sum(name.rows for name in self.unresolved) / rows), 2)

    @property
    def unresolved(self) -> list[Written]:
        return [name for name, answer in self.found if answer.rule is Rule.UNRESOLVED]

    @property
    def otherwise_published(self) -> list[tuple[Written, Resolution]]:
        """Names matched with somebody else than the publisher says."""
        return [
            (name, answer)
            for name, answer in self.found
            if answer.nba_player_id and name.published_id not in (None, answer.nba_player_id)
        ]


Names = Callable[[str], list[Written]]
KnownBy = Callable[[str, date], KnownPlayers]
AFTERWARDS = date(2030, 1, 1)


@pytest.fixture(scope="module")
def names(season_files: Path) -> Names:
    """The distinct names of a file, day by day."""

    @cache
    def read(file: str) -> list[Written]:
        rows = duckdb.execute(NAMES[file], {"file": str(season_files / f"{file}.parquet")})
        return [
            Written(day, name, (tricode(one), tricode(other)), published and int(published), count)
            for day, name, one, other, published, count in rows.fetchall()
        ]

    return read


@pytest.fixture(scope="module")
def known_by(season_files: Path) -> KnownBy:
    """Those who had appeared before a day."""

    @cache
    def appearances(file: str) -> list[tuple[str, int, str, date]]:
        return duckdb.execute(
            "select player_name, player_id, team_abbr, game_date from read_parquet($file) "
            "order by game_date",
            {"file": str(season_files / f"{BOX[file]}.parquet")},
        ).fetchall()

    @cache
    def known(file: str, day: date) -> KnownPlayers:
        rows = [row for row in appearances(file) if row[3] < day]
        return KnownPlayers(
            {(name, who) for name, who, _, _ in rows},
            {who: team for _, who, team, _ in rows},
            reviewed_aliases(),
        )

    return known


@pytest.fixture(scope="module")
def match(names: Names, known_by: KnownBy) -> Callable[..., Matched]:
    """Matches a file's names, on their days or on one."""

    @cache
    def matched(file: str, on: date | None = None) -> Matched:
        return Matched(
            [
                (
                    name,
                    known_by(file, on or name.day).resolve_any(
                        written_names(name.name), name.teams
                    ),
                )
                for name in names(file)
            ]
        )

    return matched


# Props --------------------------------------------------------------------------------------------


def test_every_prop_of_the_season_is_somebody_s_afterwards(match):
    assert (match(PROPS, AFTERWARDS).rate, match(PROPS, AFTERWARDS).unresolved) == (100.0, [])


def test_on_their_days_most_props_are_somebody_s(match):
    assert match(PROPS).rate == 91.95


def test_after_a_fortnight_only_players_who_have_not_appeared_yet_are_unresolved(match):
    late = [name for name in match(PROPS).unresolved if name.day >= date(2024, 11, 5)]
    assert {(name.name, name.rows) for name in late} == {
        ("Joel Embiid", 12),
        ("Devin Vassell", 2),
        ("Kristaps Porzingis", 2),
        ("Khris Middleton", 2),
    }


@pytest.mark.parametrize("on", [None, AFTERWARDS], ids=["on their days", "afterwards"])
def test_no_prop_is_matched_with_somebody_else_than_its_publisher_says(match, on):
    assert match(PROPS, on).otherwise_published == []


def test_props_without_a_published_id_are_matched_by_aliases(match):
    rules = {
        (name.name, answer.rule)
        for name, answer in match(PROPS, AFTERWARDS).found
        if name.published_id is None
    }
    assert rules == {
        (name, Rule.ALIAS)
        for name in (
            "B.J. Boston Jr",
            "Carlton Carrington",
            "Herb Jones",
            "James Huff",
            "Moe Wagner",
            "Nicolas Claxton",
            "Ron Holland",
        )
    }


# Injury moves -------------------------------------------------------------------------------------


def test_on_their_days_most_moves_are_somebody_s(match):
    assert match(MOVES).rate == 94.5


def test_afterwards_nearly_every_move_is_somebody_s(match):
    assert match(MOVES, AFTERWARDS).rate == 99.06


def test_afterwards_only_those_who_never_appeared_and_texts_are_unresolved(match):
    assert {name.name for name in match(MOVES, AFTERWARDS).unresolved} == {
        "Chris Clemons",
        "Daulton Hommes",
        "E'Twaun Moore",
        "Ersan Ilyasova",
        "Grant Riller",
        "Jamal Murray",
        "Jason Preston",
        "Jonathan Isaac",
        "Kawhi Leonard",
        "Kendrick Nunn",
        "Malik Ellison",
        "Michael Carter-Williams",
        "T.J. Warren",
        "Zion Williamson",
        "NBA health and safety protocols (DTD)",
        "placed on IL with left knee injury",
        "placed on IL with right Achilles tendon injury",
        "placed on IL with surgery on right knee",
    }


# By hand ------------------------------------------------------------------------------------------

# Checked by eye, one by one, against the box scores of the player's team around the day: file, day,
# name as written, who it is. Other spellings, suffixes on one side, brothers, namesakes, trades.
BY_HAND = [
    (PROPS, "2024-10-23", "Herb Jones", 1630529),
    (PROPS, "2024-10-23", "Nicolas Claxton", 1629651),
    (PROPS, "2024-10-30", "Carlton Carrington", 1642267),
    (PROPS, "2024-11-04", "Moe Wagner", 1629021),
    (PROPS, "2024-11-11", "B.J. Boston Jr", 1630527),
    (PROPS, "2024-11-25", "Ron Holland", 1641842),
    (PROPS, "2024-11-27", "James Huff", 1630643),
    (PROPS, "2024-10-25", "Isaiah Stewart II", 1630191),
    (PROPS, "2024-10-26", "Derrick Jones", 1627884),
    (PROPS, "2024-10-26", "Jimmy Butler", 202710),
    (PROPS, "2024-10-25", "Franz Wagner", 1630532),
    (PROPS, "2024-10-30", "R.J. Barrett", 1629628),
    (PROPS, "2024-10-25", "C.J. McCollum", 203468),
    (PROPS, "2024-10-25", "Caleb Martin", 1628997),
    (PROPS, "2024-10-25", "Cody Martin", 1628998),
    (PROPS, "2024-10-30", "Seth Curry", 203552),
    (PROPS, "2024-10-25", "Stephen Curry", 201939),
    (PROPS, "2024-10-26", "Keegan Murray", 1631099),
    (PROPS, "2024-10-26", "Jamal Murray", 1627750),
    (PROPS, "2024-10-26", "Jalen Williams", 1631114),
    (PROPS, "2024-10-25", "Amen Thompson", 1641708),
    (PROPS, "2024-10-26", "Klay Thompson", 202691),
    (PROPS, "2024-11-26", "Tre Jones", 1630200),
    (PROPS, "2024-10-25", "Tyus Jones", 1626145),
    (PROPS, "2024-10-24", "Nickeil Alexander-Walker", 1629638),
    (PROPS, "2024-10-25", "De'Andre Hunter", 1629631),
    (MOVES, "2021-11-27", "Dennis Schr?der", 203471),
    (MOVES, "2021-11-29", "D.J. Augustine", 201571),
    (MOVES, "2021-10-29", "Brandon Boston Jr. / B.J. Boston Jr.", 1630527),
    (MOVES, "2021-11-18", "Ogugua Anunoby / O.G. Anunoby", 1628384),
    (MOVES, "2021-12-02", "Nicolas Claxton / Nic Claxton", 1629651),
    (MOVES, "2021-11-05", "Herbert Jones / Herb Jones (Keyshawn)", 1630529),
    # The bracket means a namesake who retired in 2003; Portland had just signed the younger one.
    (MOVES, "2021-12-30", "Brandon Williams (b. 1975-02-27)", 1630314),
    (MOVES, "2021-10-25", "Marcus Morris", 202694),
    (MOVES, "2021-10-29", "Mike Conley Jr.", 201144),
    (MOVES, "2021-11-10", "Ruben Nembhard / R.J. Nembhard Jr.", 1630612),
    (MOVES, "2021-11-23", "Reggie Bullock", 203493),
    (MOVES, "2021-12-06", "Jimmy Butler", 202710),
    (MOVES, "2021-12-28", "Wayne Selden Jr.", 1627782),
    (MOVES, "2021-12-21", "Wesley Matthews / Wes Matthews Jr.", 202083),
    (MOVES, "2021-12-31", "Kenyon Martin Jr. / K.J. Martin", 1630231),
    (MOVES, "2021-12-29", "K.Z. Okpala", 1629644),
    (MOVES, "2021-12-17", "Mohamed Bamba / Mo Bamba", 1628964),
    (MOVES, "2022-02-03", "Guillermo Hernangomez / Willy Hernangomez", 1626195),
    (MOVES, "2021-12-31", "Nickeil Alexander-Walker", 1629638),
    (MOVES, "2022-01-12", "Seth Curry", 203552),
    (MOVES, "2022-01-19", "DeAndre' Bembry", 1627761),
    (MOVES, "2021-10-27", "Caleb Martin", 1628997),
    (MOVES, "2022-01-12", "Jrue Holiday", 201950),
    (MOVES, "2021-12-17", "Grant Williams", 1629684),
]


def test_fifty_names_were_checked():
    assert len(set(BY_HAND)) == 50


@pytest.mark.parametrize(("file", "day", "name", "player"), BY_HAND)
def test_a_name_checked_by_hand_is_matched_with_that_player(match, file, day, name, player):
    answers = {
        answer.nba_player_id
        for written, answer in match(file).found
        if (written.day, written.name) == (date.fromisoformat(day), name)
    }
    assert answers == {player}
