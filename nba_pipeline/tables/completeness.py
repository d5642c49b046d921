"""Completeness: of the games a row should stand on, how many it does.

One definition for every table and window. Expected of a team are its final games; expected of a
player are those of his team since he joined it, and before that the games he appeared in, because
what he missed for an earlier team cannot be known. A night he sat out is taken off again; it is no
gap. A gap is a game he is known to have played in that has no summary, or a game of which no
player's line is there at all. Play-in games without lines are not expected, because archives leave
them out; but a row says that it lacks them, and that they are a gap in the data and no night off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nba_pipeline.domain.games import GameStatus
from nba_pipeline.domain.incompleteness import classify
from nba_pipeline.domain.rounding import ratio, rounded
from nba_pipeline.engine.columns import Column, Texts
from nba_pipeline.engine.declared_inputs import history, reads
from nba_pipeline.engine.variables import Variable
from nba_pipeline.engine.windows import STRIDE, Array, Cells, Columns, Ints, Slices
from nba_pipeline.tables.counted_games import Days, Games, Span, recent

#: A row may be used in production from this percentage of its expected games on.
#: 70 is the profile of the system this one replaces.
THRESHOLD = Variable(
    "COMPLETENESS_THRESHOLD",
    "percentage of expected games from which a row is ready for production; part of every row's "
    "inputs",
    default="90",
    unit="percent",
    whole=False,
    minimum=0,
    maximum=100,
)

#: What a table that uses this module sets.
SETTINGS = (THRESHOLD,)


#: The windows there are, by the names their columns begin with.
SPANS = {
    "l5": Span(games=5),
    "l10": Span(games=10),
    "l15": Span(games=15),
    "l7d": Span(days=7),
    "l14d": Span(days=14),
    "l30d": Span(days=30),
}

#: What ``of_teams`` reads besides the team's summaries; cells need team_abbr and season_year.
TEAM_INPUTS = {
    side: reads(
        "nbac_schedule",
        "game_status season_type",
        window=history(),
        on={team: "team_abbr", "season_year": "season_year"},
    )
    for side, team in (("home_games", "home_team_abbr"), ("away_games", "away_team_abbr"))
}

#: What ``of_players`` reads; cells need player_lookup, team_abbr and season_year. A table that
#: reads more of the summaries puts its own declaration in the place of ``summaries``.
PLAYER_INPUTS = {
    **TEAM_INPUTS,
    "team_games": reads(
        "team_offense_game_summary",
        "player_lines",
        window=history(),
        on="team_abbr season_year",
    ),
    "summaries": reads(
        "player_game_summary", "game_date", window=history(), on="player_lookup season_year"
    ),
    "raw": reads(
        "nbac_player_boxscores",
        "team_abbr universal_player_id",
        window=history(),
        on="player_lookup season_year",
    ),
}

COLUMNS = (
    Column(
        "expected_games_count",
        int,
        "final games that should be there",
        nullable=False,
        in_hash=False,
        minimum=0,
    ),
    Column(
        "actual_games_count",
        int,
        "those of them that are there",
        nullable=False,
        in_hash=False,
        minimum=0,
    ),
    Column(
        "missing_games_count", int, "expected less there", nullable=False, in_hash=False, minimum=0
    ),
    Column(
        "completeness_percentage",
        float,
        "games there of those expected; 100 where none is expected",
        unit="percent",
        nullable=False,
        in_hash=False,
        decimals=1,
        minimum=0,
        maximum=100,
    ),
    Column("is_production_ready", bool, "complete to at least 90 %", nullable=False),
    Column("data_quality_issues", Texts, "missing games by date", in_hash=False),
    Column(
        "incomplete_data_type",
        str,
        "COMPLETE, DATA_GAP, PLAYER_DNP, MIXED or INSUFFICIENT_HISTORY, of the games counted",
        nullable=False,
        in_hash=False,
    ),
    Column(
        "processing_decision_reason",
        str,
        "processed_successfully, incomplete_upstream_data or early_season_placeholder",
        nullable=False,
        in_hash=False,
    ),
)


def decided(ready: Array) -> Array:
    """``processing_decision_reason`` of rows that are ready for production, or are not."""
    words = np.where(ready, "processed_successfully", "incomplete_upstream_data")
    return words.astype(object)


def columns_of(windows: Sequence[str]) -> tuple[Column, ...]:
    """The columns of several windows, beside ``COLUMNS``.

    Args:
        windows: Names in ``SPANS``.
    """
    return (
        *(
            column
            for name in windows
            for column in (
                Column(
                    f"{name}_completeness_pct",
                    float,
                    f"games there of those expected, over {SPANS[name].words}",
                    unit="percent",
                    nullable=False,
                    in_hash=False,
                    decimals=1,
                    minimum=0,
                    maximum=100,
                ),
                Column(
                    f"{name}_is_complete",
                    bool,
                    "whether it reaches the threshold",
                    nullable=False,
                    in_hash=False,
                ),
            )
        ),
        Column(
            "all_windows_complete", bool, "whether every window does", nullable=False, in_hash=False
        ),
    )


def of_players(cells: Cells, reported: str, windows: Sequence[str] = ()) -> Columns:
    """Completeness of each cell's player.

    Args:
        cells: With the windows of ``PLAYER_INPUTS``.
        reported: The window whose counts are stated, a name in ``SPANS``.
        windows: Windows that all have to be complete, each with columns of its own; only the
            reported one where none are named.
    """
    spans = [SPANS[name] for name in (reported, *windows)]
    raw, lines, finals = cells.window("raw"), cells.window("team_games"), _finals(cells)
    played = [recent(games, spans) for games in finals]
    play_in = [
        recent(games.where(games.buffer.columns["season_type"] == "play_in"), spans)
        for games in finals
    ]
    lines = recent(lines.where(lines.buffer.columns["player_lines"] > 0), spans)
    appeared, summarised = recent(raw, spans), recent(cells.window("summaries"), spans)
    days = Days.of(raw.day, appeared, summarised, lines, *played, *play_in)
    did_appear, there, has_lines = map(days.with_rows, (appeared, summarised, lines))
    left_out = days.with_rows(*play_in)
    theirs = days.with_rows(*played) & (days.days >= _joined(cells, raw)[:, None])
    gap = ~there & (did_appear | ~(has_lines | left_out))
    unpublished = left_out & ~(there | did_appear | has_lines)
    counted = days.games(did_appear | there | theirs, there, gap, unpublished)
    return _columns(counted, reported, windows, cells.settings[THRESHOLD.name])


def of_teams(
    cells: Cells, reported: str, windows: Sequence[str] = (), summaries: str = "summaries"
) -> Columns:
    """Completeness of each cell's team.

    Args:
        cells: With the windows of ``TEAM_INPUTS``, and the team's summaries.
        reported: The window whose counts are stated, a name in ``SPANS``.
        windows: As in ``of_players``.
        summaries: The input that should have a row for each final game.
    """
    spans = [SPANS[name] for name in (reported, *windows)]
    summarised = recent(cells.window(summaries), spans)
    played = [recent(games, spans) for games in _finals(cells)]
    days = Days.of(summarised.day, summarised, *played)
    there = days.with_rows(summarised)
    expected = there | days.with_rows(*played)
    counted = days.games(expected, there, ~there, np.zeros_like(there))
    return _columns(counted, reported, windows, cells.settings[THRESHOLD.name])


def final_games(cells: Cells) -> Ints:
    """Final games of each cell's team in the season so far."""
    home, away = _finals(cells)
    return home.count() + away.count()


def _columns(games: Games, reported: str, windows: Sequence[str], threshold: float) -> Columns:
    inside = {name: games.inside(SPANS[name]) for name in dict.fromkeys((reported, *windows))}
    actual, missing = _tally(games, inside[reported])
    pct = _pct(actual, missing)
    by_window = {name: _pct(*_tally(games, inside[name])) for name in windows}
    complete = {name: value >= threshold for name, value in by_window.items()}
    ready = np.all([*complete.values()], axis=0) if windows else pct >= threshold
    result = {
        "expected_games_count": actual + missing,
        "actual_games_count": actual,
        "missing_games_count": missing,
        "completeness_percentage": pct,
        "is_production_ready": ready,
        "data_quality_issues": _issues(games, actual + missing == 0, [*inside.values()]),
        "incomplete_data_type": _types(games, inside[reported]),
        "processing_decision_reason": decided(ready),
    }
    for name in windows:
        result[f"{name}_completeness_pct"] = by_window[name]
        result[f"{name}_is_complete"] = complete[name]
    return {**result, "all_windows_complete": ready} if windows else result


def _tally(games: Games, inside: Array) -> tuple[Ints, Ints]:
    """Games of a window that are there and that are missing, per cell."""
    return games.count(inside & games.there), games.count(inside & games.gap)


def _pct(actual: Ints, missing: Ints) -> Array:
    share = ratio(100 * actual.astype(np.float64), (actual + missing).astype(np.float64))
    return np.where(np.isnan(share), 100.0, rounded(share, 1))


def _issues(games: Games, nothing_expected: Array, windows: Sequence[Array]) -> Array:
    """Per cell a sentence for each missing game of any window, oldest first."""
    issues = np.empty(len(games.today), dtype=object)
    issues.fill([])  # one for all, which nothing is added to
    for cell in np.flatnonzero(nothing_expected).tolist():
        issues[cell] = ["no_expected_games"]
    absent = np.flatnonzero(games.gap | games.unpublished)
    for at in absent[np.any([inside[absent] for inside in windows], axis=0)].tolist():
        kind, cell = "missing" if games.gap[at] else "unpublished", games.cell[at]
        day = np.datetime64(int(games.day[at]), "D")
        issues[cell] = [*issues[cell], f"{kind}_game_{day}"]
    return issues


def _types(games: Games, inside: Array) -> Array:
    """Per cell, what kind of incomplete its window is."""
    gap = games.gap | games.unpublished
    masks = (inside, inside & gap, inside & ~games.there & ~gap)
    counts = [games.count(mask) for mask in masks]
    # As one number, which sorts faster than three.
    key = (counts[0] * STRIDE + counts[1]) * STRIDE + counts[2]
    _, first, owner = np.unique(key, return_index=True, return_inverse=True)
    distinct = zip(*(count[first].tolist() for count in counts), strict=True)
    return np.array([classify(*row).value for row in distinct], dtype=object)[owner]


def _finals(cells: Cells) -> tuple[Slices, Slices]:
    """The team's final games at home and away."""
    home, away = cells.window("home_games"), cells.window("away_games")
    final = float(GameStatus.FINAL)
    return (
        home.where(home.buffer.columns["game_status"] == final),
        away.where(away.buffer.columns["game_status"] == final),
    )


def _joined(cells: Cells, raw: Slices) -> Ints:
    """Day of each player's first game since he last changed teams.

    It is the cell's own day where he has not yet appeared for the team.
    """
    if not len(raw.buffer):
        return raw.day
    teams, position = raw.buffer.columns["team_abbr"], raw.buffer.position
    player = position // STRIDE
    changes = np.ones(len(position), dtype=bool)
    changes[1:] = (teams[1:] != teams[:-1]) | (player[1:] != player[:-1])
    first = np.maximum.accumulate(np.where(changes, np.arange(len(position)), 0))
    newest = np.where(raw.count() > 0, raw.stop - 1, 0)
    on_team = (raw.count() > 0) & (teams[newest] == cells["team_abbr"])
    return np.where(on_team, position[first[newest]] % STRIDE, raw.day)
