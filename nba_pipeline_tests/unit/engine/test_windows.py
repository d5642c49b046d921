"""Windows against a plain loop over cells, and the same bits however cells are cut."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.errors import LookAheadError, RowError
from nba_pipeline.engine.inputs import PlannedCells, plan_cells
from nba_pipeline.engine.table import FanOut, Table, each
from nba_pipeline.engine.windows import STRIDE, Buffer, Cells, Slices

FIRST_DAY = 18_930
PLAYERS = st.integers(0, 3)
DAYS = st.integers(FIRST_DAY, FIRST_DAY + 25)


@dataclass(frozen=True)
class Game:
    """A row of the input: what one player did on one day."""

    player: int
    day: int
    points: int | None
    minutes: int | None
    did_win: bool
    opponent: str | None


@dataclass(frozen=True)
class World:
    """Rows, cells and the decimals of the two numeric columns."""

    games: list[Game]
    cells: list[tuple[int, int]]
    decimals: dict[str, int]

    def number(self, game: Game, column: str) -> Fraction | None:
        whole = getattr(game, column)
        return None if whole is None else Fraction(whole, 10 ** self.decimals[column])

    def seen(self, cell: tuple[int, int]) -> list[Game]:
        """What a cell may see, oldest first: its player's games before its day."""
        player, day = cell
        return [game for game in self.games if game.player == player and game.day < day]

    def slices(self) -> Slices:
        position = np.array([game.player * STRIDE + game.day for game in self.games], np.int64)
        columns: dict[str, Any] = {
            "did_win": np.array([float(game.did_win) for game in self.games]),
            "opponent": np.array([game.opponent for game in self.games], dtype=object),
            "game_date": np.array([game.day for game in self.games], "datetime64[D]"),
        }
        for name, decimals in self.decimals.items():
            stored = [getattr(game, name) for game in self.games]
            columns[name] = np.array([math.nan if v is None else v / 10**decimals for v in stored])
        code, day = np.array(self.cells, dtype=np.int64).reshape(-1, 2).T
        start = np.searchsorted(position, code * STRIDE)
        stop = np.searchsorted(position, code * STRIDE + day)
        return Slices(Buffer(columns, self.decimals, position), start, stop, code, day)


def numbers() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(-500, 500) | st.sampled_from([10_000_000, -10_000_000])


GAMES = st.builds(Game, PLAYERS, DAYS, numbers(), numbers(), st.booleans(), st.none() | st.text())
WORLDS = st.builds(
    World,
    st.lists(GAMES, max_size=30).map(lambda games: sorted(games, key=lambda g: (g.player, g.day))),
    st.lists(st.tuples(PLAYERS, DAYS), max_size=12),
    st.fixed_dictionaries({"points": st.integers(0, 3), "minutes": st.integers(0, 3)}),
)

# Ways to narrow a window, in the code under test and in plain words.
Narrow = tuple[str, Callable[[Slices], Slices], Callable[[list[Game], int], list[Game]]]


def last(count: int) -> Narrow:
    return f"last {count}", lambda w: w.last(count), lambda games, _: games[-count:]


def days(count: int) -> Narrow:
    return (
        f"days {count}",
        lambda w: w.days(count),
        lambda games, day: [game for game in games if game.day >= day - count],
    )


def won() -> Narrow:
    return (
        "won",
        lambda w: w.where(w.buffer.columns["did_win"] == 1),
        lambda games, _: [game for game in games if game.did_win],
    )


def apart() -> Narrow:
    return "apart", lambda w: w.apart(), lambda games, _: games


NARROWINGS = st.lists(
    st.integers(1, 6).map(last) | st.integers(1, 10).map(days) | st.builds(won) | st.builds(apart),
    max_size=3,
)


def narrowed(world: World, steps: list[Narrow]) -> tuple[Slices, list[list[Game]]]:
    """The windows, and what a plain loop says they hold."""
    slices, expected = world.slices(), [world.seen(cell) for cell in world.cells]
    for _, narrow, plainly in steps:
        slices = narrow(slices)
        expected = [
            plainly(games, day) for games, (_, day) in zip(expected, world.cells, strict=True)
        ]
    return slices, expected


def bits(values: Any) -> bytes:
    """Equal for equal bits only: tells 0.0 from -0.0 and takes NaN for NaN."""
    return np.asarray(values).tobytes()


# Numbers -----------------------------------------------------------------------------------------


@given(WORLDS, NARROWINGS)
def test_a_count_is_the_number_of_rows(world, steps):
    slices, expected = narrowed(world, steps)
    assert slices.count().tolist() == [len(games) for games in expected]


@given(WORLDS, NARROWINGS, st.sampled_from(["points", "minutes"]))
def test_a_count_of_a_column_leaves_nulls_out(world, steps, column):
    slices, expected = narrowed(world, steps)
    known = [sum(getattr(game, column) is not None for game in games) for games in expected]
    assert slices.count(column).tolist() == known


@given(WORLDS, NARROWINGS, st.sampled_from(["points", "minutes"]))
def test_a_sum_is_exact(world, steps, column):
    slices, expected = narrowed(world, steps)
    sums = [float(sum(_known(world, games, column), Fraction(0))) for games in expected]
    assert bits(slices.sum(column)) == bits(np.array(sums, dtype=np.float64))


@given(WORLDS, NARROWINGS, st.sampled_from(["points", "minutes"]))
def test_a_mean_is_the_exact_one_rounded_once(world, steps, column):
    slices, expected = narrowed(world, steps)
    assert bits(slices.mean(column)) == bits([_mean(_known(world, g, column)) for g in expected])


@given(WORLDS, NARROWINGS, st.sampled_from(["points", "minutes"]))
def test_a_sample_deviation_comes_from_an_exact_numerator(world, steps, column):
    slices, expected = narrowed(world, steps)
    plain = [_sample_std(world, games, column) for games in expected]
    assert bits(slices.sample_std(column)) == bits(plain)


def _known(world: World, games: list[Game], column: str) -> list[Fraction]:
    found = [world.number(game, column) for game in games]
    return [number for number in found if number is not None]


def _mean(values: list[Fraction]) -> float:
    return float(sum(values) / len(values)) if values else math.nan


def _sample_std(world: World, games: list[Game], column: str) -> float:
    scale = 10 ** world.decimals[column]
    whole = [int(value * scale) for value in _known(world, games, column)]
    if len(whole) < 2:
        return math.nan
    above = len(whole) * sum(n * n for n in whole) - sum(whole) ** 2
    return math.sqrt(float(above) / float(len(whole) * (len(whole) - 1))) / scale


def test_a_deviation_of_equal_values_is_zero():
    games = [Game(0, FIRST_DAY + at, 7, None, True, None) for at in range(5)]
    slices = World(games, [(0, FIRST_DAY + 9)], {"points": 1, "minutes": 0}).slices()
    assert slices.sample_std("points").tolist() == [0.0]


def test_no_games_have_no_mean():
    slices = World([], [(0, FIRST_DAY)], {"points": 1, "minutes": 0}).slices()
    assert math.isnan(slices.mean("points")[0])


def test_a_number_too_large_for_an_exact_sum_is_refused():
    games = [Game(0, FIRST_DAY, -10_000_001, None, True, None)]
    slices = World(games, [(0, FIRST_DAY + 1)], {"points": 0, "minutes": 0}).slices()
    with pytest.raises(RowError, match=r"points holds -1e\+07, too large"):
        slices.sum("points")


# Rows --------------------------------------------------------------------------------------------


@given(WORLDS, NARROWINGS)
def test_rows_lists_every_row_of_every_window(world, steps):
    slices, expected = narrowed(world, steps)
    rows = slices.rows()
    listed = list(zip(rows.cell.tolist(), rows["opponent"].tolist(), strict=True))
    assert listed == [(at, game.opponent) for at, games in enumerate(expected) for game in games]


@given(WORLDS, st.data())
def test_a_mask_finds_its_rows_whatever_was_asked_for_before(world, data):
    slices, size = world.slices(), len(world.games)
    for mask in data.draw(st.lists(st.lists(st.booleans(), min_size=size, max_size=size))):
        keep = np.array(mask, dtype=bool)
        found, alone = slices.where(keep), world.slices().where(keep)
        assert found.rows()["opponent"].tolist() == alone.rows()["opponent"].tolist()
        assert bits(found.sum("points")) == bits(alone.sum("points"))


@given(WORLDS)
def test_one_is_the_only_row_of_each_window(world):
    slices, expected = narrowed(world, [last(1)])
    plain = [games[-1].opponent if games else None for games in expected]
    assert slices.one()["opponent"].tolist() == plain


@given(WORLDS)
def test_one_says_which_windows_have_a_row(world):
    slices, expected = narrowed(world, [last(1)])
    assert slices.one().found.tolist() == [bool(games) for games in expected]


@given(WORLDS)
def test_one_is_null_in_every_column_where_a_window_is_empty(world):
    slices, expected = narrowed(world, [last(1)])
    row = slices.one()
    missing = np.array([not games for games in expected], dtype=bool)
    nulls = [
        np.isnan(row["points"][missing]),
        np.isnat(row["game_date"][missing]),
        [value is None for value in row["opponent"][missing]],
    ]
    assert all(np.all(null) for null in nulls)


def test_several_rows_where_one_is_expected_are_refused():
    games = [Game(0, FIRST_DAY, 1, 1, True, None), Game(0, FIRST_DAY, 2, 2, True, None)]
    slices = World(games, [(0, FIRST_DAY + 1)], {"points": 0, "minutes": 0}).slices()
    with pytest.raises(RowError, match="2 rows where one was expected"):
        slices.one()


@given(WORLDS, NARROWINGS)
def test_groups_hold_every_cell_once(world, steps):
    slices, _ = narrowed(world, steps)
    cells = [cell for _, sharing in slices.groups() for cell in sharing.tolist()]
    assert sorted(cells) == list(range(len(world.cells)))


@given(WORLDS, NARROWINGS)
def test_cells_share_a_group_exactly_when_they_share_a_window(world, steps):
    slices, _ = narrowed(world, steps)
    found = {(rows.start, rows.stop, cell) for rows, sharing in slices.groups() for cell in sharing}
    bounds = zip(slices.start.tolist(), slices.stop.tolist(), range(len(slices)), strict=True)
    assert found == set(bounds)


@given(WORLDS, NARROWINGS)
def test_no_two_groups_are_the_same_window(world, steps):
    slices, _ = narrowed(world, steps)
    windows = [(rows.start, rows.stop) for rows, _ in slices.groups()]
    assert len(windows) == len(set(windows))


# The same bits, however cells are cut ------------------------------------------------------------


def everything(slices: Slices) -> bytes:
    """Every answer of some windows as bytes."""
    opponents = [str(name) for name in slices.rows()["opponent"]]
    answers = [slices.count(), *_of_column(slices, "points"), *_of_column(slices, "minutes")]
    return b"".join(map(bits, answers)) + repr(opponents).encode()


def _of_column(slices: Slices, column: str) -> list[Any]:
    return [
        slices.count(column),
        slices.sum(column),
        slices.mean(column),
        slices.sample_std(column),
    ]


def in_parts(slices: Slices, size: int) -> list[Slices]:
    return [slices.cells(at, at + size) for at in range(0, len(slices), size)]


@given(WORLDS, NARROWINGS, st.sampled_from([1, 7, 1000]))
def test_parts_put_together_give_the_bits_of_the_whole(world, steps, size):
    slices, _ = narrowed(world, steps)
    for column in ("points", "minutes"):
        for name in ("sum", "mean", "sample_std"):
            parts = [getattr(part, name)(column) for part in in_parts(slices, size)]
            whole = getattr(slices, name)(column)
            assert bits(np.concatenate([*parts, []])) == bits(whole), (column, name)


@given(WORLDS, NARROWINGS, st.sampled_from([1, 7, 1000]), NARROWINGS)
def test_the_trip_to_a_worker_changes_no_bit(world, steps, size, later):
    slices, _ = narrowed(world, steps)
    for part in in_parts(slices, size):
        sent = pickle.loads(pickle.dumps(part))  # noqa: S301 - what a process pool does
        for _, narrow, _ in later:
            part, sent = narrow(part), narrow(sent)
        assert everything(sent) == everything(part)


@given(WORLDS, NARROWINGS)
def test_a_worker_gets_the_rows_its_cells_need_and_no_others(world, steps):
    slices, _ = narrowed(world, steps)
    sent = pickle.loads(pickle.dumps(slices))  # noqa: S301 - what a process pool does
    bounds = zip(slices.start.tolist(), slices.stop.tolist(), strict=True)
    needed = {row for first, last_ in bounds for row in range(first, last_)}
    assert len(sent.buffer) == len(needed)


@given(WORLDS, st.sampled_from([1, 7, 1000]))
def test_a_part_of_cells_has_its_columns_and_windows(world, size):
    slices = world.slices()
    cells = Cells({"n": np.arange(len(slices))}, {"games": slices})
    parts = [cells.part(at, at + size) for at in range(0, len(slices), size)]
    numbered = [
        (number, window)
        for part in parts
        for number, window in zip(part["n"].tolist(), part.window("games").count(), strict=True)
    ]
    assert numbered == list(enumerate(slices.count().tolist()))


# The same bits, however rows arrive --------------------------------------------------------------

FORM = Table(
    name="form",
    dataset="nba_test",
    description="Each player's games before tonight.",
    entity=("player",),
    key=("player",),
    columns=(Column("player", str), Column("game_date", date)),
    inputs={
        "tonight": reads("slate", "player", on="player"),
        "games": reads("box", "points minutes opponent", window=history(), on="player"),
    },
    cells=each("tonight", "player"),
    compute=lambda cells: cells.columns,
    version=1,
    fan_out=FanOut("player", "FORM_WORKERS", default_workers=1),
)


def planned(games: list[Game], cells: list[tuple[int, int]]) -> PlannedCells:
    """The cells of a table that reads those games, handed over in that order."""
    days = pa.array([game.day for game in games], pa.int32()).cast(pa.date32())
    box = {
        "game_date": days,
        "player": pa.array([str(game.player) for game in games], pa.string()),
        "points": pa.array([game.points for game in games], pa.int64()),
        "minutes": pa.array([game.minutes for game in games], pa.int64()),
        "opponent": pa.array([game.opponent for game in games], pa.string()),
    }
    slate = {
        "game_date": pa.array([day for _, day in cells], pa.int32()).cast(pa.date32()),
        "player": pa.array([str(player) for player, _ in cells], pa.string()),
    }
    return plan_cells(
        FORM, FORM.settings_in({}), {"tonight": pa.table(slate), "games": pa.table(box)}
    )


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Game], list[Game], list[tuple[int, int]]]:
    """Games of which no two are of one player and day, the same shuffled, and cells."""
    games = draw(st.lists(GAMES, max_size=30, unique_by=lambda game: (game.player, game.day)))
    cells = draw(st.lists(st.tuples(PLAYERS, DAYS), max_size=12))
    return games, draw(st.permutations(games)), cells


@given(arrivals())
def test_shuffled_rows_give_the_same_bits(case):
    games, shuffled, cells = case
    windows = [planned(rows, cells).cells.window("games") for rows in (games, shuffled)]
    assert everything(windows[0]) == everything(windows[1])


@given(arrivals())
def test_shuffled_rows_give_the_same_input_hashes(case):
    games, shuffled, cells = case
    assert planned(games, cells).inputs_hashes == planned(shuffled, cells).inputs_hashes


@given(arrivals())
def test_shuffled_cells_are_planned_in_the_same_order(case):
    games, _, cells = case
    backwards = planned(games, cells[::-1])
    assert backwards.inputs_hashes == planned(games, cells).inputs_hashes


# Which rows a cell sees ---------------------------------------------------------------------------

MEETINGS = replace(
    FORM,
    name="meetings",
    entity=("player", "opponent"),
    key=("player", "opponent"),
    columns=(Column("player", str), Column("opponent", str), Column("game_date", date)),
    inputs={
        "tonight": reads("slate", "player opponent", on="player opponent"),
        "games": reads("box", "points", window=history(), on="player opponent"),
    },
    cells=each("tonight", "player", "opponent"),
)


TEAMS = st.sampled_from(["BOS", "CHI"])


@given(
    st.lists(st.builds(replace, GAMES, opponent=st.none() | TEAMS), max_size=30),
    st.lists(st.tuples(PLAYERS, TEAMS, DAYS), max_size=12, unique=True),
    st.sampled_from([1, 5, 10**12]),
)
def test_a_cell_sees_the_rows_that_agree_in_every_column_however_many_codes_fit(
    games, cells, most_codes
):
    box = {
        "game_date": pa.array([game.day for game in games], pa.int32()).cast(pa.date32()),
        "player": pa.array([str(game.player) for game in games], pa.string()),
        "opponent": pa.array([game.opponent for game in games], pa.string()),
        "points": pa.array([game.points for game in games], pa.int64()),
    }
    slate = {
        "game_date": pa.array([day for _, _, day in cells], pa.int32()).cast(pa.date32()),
        "player": pa.array([str(player) for player, _, _ in cells], pa.string()),
        "opponent": pa.array([opponent for _, opponent, _ in cells], pa.string()),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nba_pipeline.engine.inputs._MOST_CODES", most_codes)
        found = plan_cells(MEETINGS, {}, {"tonight": pa.table(slate), "games": pa.table(box)})
    seen = [
        sum(
            (str(game.player), game.opponent) == (player, opponent)
            and found.days[at] > date(1970, 1, 1) + timedelta(days=game.day)
            for game in games
        )
        for at, (player, opponent) in enumerate(
            zip(found.cells["player"], found.cells["opponent"], strict=True)
        )
    ]
    assert found.cells.window("games").count().tolist() == seen


# No look-ahead -----------------------------------------------------------------------------------


def window_of(row_day: date, cell_day: date) -> Slices:
    """A window that hands one row to one cell, whatever the days."""
    row, cell = (int(np.datetime64(day, "D").astype(int)) for day in (row_day, cell_day))
    buffer = Buffer({}, {}, np.array([5 * STRIDE + row]))
    start, stop, code = (np.array([number]) for number in (0, 1, 5))
    return Slices(buffer, start, stop, code, np.array([cell]))


def test_a_row_of_the_date_is_refused_to_history():
    slices = window_of(date(2021, 11, 15), date(2021, 11, 15))
    with pytest.raises(LookAheadError, match="input games: a row of 2021-11-15"):
        slices.refuse_future("games", last_day=-1)


def test_a_refusal_names_both_days():
    slices = window_of(date(2021, 11, 17), date(2021, 11, 15))
    with pytest.raises(LookAheadError, match=r"row of 2021-11-17 .* cell of 2021-11-15"):
        slices.refuse_future("games", last_day=0)


@pytest.mark.parametrize(
    ("row_day", "last_day"), [(date(2021, 11, 14), -1), (date(2021, 11, 15), 0)]
)
def test_the_newest_allowed_row_passes(row_day, last_day):
    slices = window_of(row_day, date(2021, 11, 15))
    assert slices.refuse_future("games", last_day) is None


def test_an_empty_window_has_no_future():
    slices = window_of(date(2021, 11, 17), date(2021, 11, 15)).where(np.array([False]))
    assert slices.refuse_future("games", last_day=-1) is None
