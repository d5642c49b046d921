"""Who can play and who cannot, as published: one row per entry and player.

There are two kinds of entry. The league's **reports** give each listed player of a game a status,
from ``out`` to ``available``, and are published anew several times a day; each is a snapshot and
stays. The season files hold **moves**: ``out`` from the day a player is relinquished,
``available`` from the day he is acquired; questionable and doubtful are not known of them. Names
come without ids, in moves sometimes as alternatives; each alternative is a row. Whose name it is
follows from who had appeared before the date, and a name that is nobody's stays nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np

from nba_pipeline.domain.absence import reason_category
from nba_pipeline.domain.clocks import injury_moves_known_at
from nba_pipeline.domain.players import player_lookup, without_suffix
from nba_pipeline.domain.teams import tricode
from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.declared_inputs import reads_feed
from nba_pipeline.engine.table import FanOut, Table
from nba_pipeline.engine.windows import Array, Cells, Columns, Rows
from nba_pipeline.tables import injuries, names, origin

INPUTS = {
    "moves": reads_feed(
        "injury_transactions",
        "source_row date team acquired relinquished notes" + origin.FEED_COLUMNS,
        on="source_row",
    ),
    "reports": reads_feed(
        "injury_reports",
        "reported_at team player_name status reason" + origin.FEED_COLUMNS,
        on="reported_at team player_name",
    ),
    **names.INPUTS,
}

COLUMNS = (
    Column(
        "entry_id",
        str,
        "a move's number, or a report's moment, team and name",
        nullable=False,
    ),
    Column("entry_kind", str, "move or report", nullable=False),
    Column(
        "reported_at",
        datetime,
        "the report's own time; noon Eastern of a move's day",
        nullable=False,
    ),
    Column(
        "source_row",
        int,
        "number of the move, which puts those of a day in order; 0 in reports",
        nullable=False,
    ),
    Column(
        "game_date", date, "day of the move, or of the report's game, US Eastern", nullable=False
    ),
    Column("player_match_key", str, "normalised name without jr, sr, ii, iii, iv", nullable=False),
    Column("player_lookup", str, "normalised name"),
    *names.COLUMNS,
    Column("player_name_original", str, "as published", nullable=False),
    Column("team_abbr", str, nullable=False),
    Column(
        "injury_status",
        str,
        "out, doubtful, questionable, probable or available; of moves out or available",
        nullable=False,
    ),
    Column("reason", str, "as published"),
    Column(
        "reason_category",
        str,
        "injury, g_league, suspension, health_safety_protocol, rest, personal, other or unknown; "
        "NULL of moves",
    ),
    *origin.COLUMNS,
)

_IN_BRACKETS = re.compile(r"\([^)]*\)")


def compute(cells: Cells) -> Columns:
    """Each entry once for every way its player's name is written."""
    move, report = cells.one("moves"), cells.one("reports")
    is_move = move.found
    out = np.array([name is not None for name in move["relinquished"].tolist()], dtype=bool)
    texts = np.where(out, move["relinquished"], move["acquired"])
    texts = np.where(is_move, texts, report["player_name"])
    written = [written_names(text) for text in texts.tolist()]
    entry = np.repeat(np.arange(len(cells)), [len(each) for each in written])
    lookups = [player_lookup(name) for each in written for name in each]
    teams = [tricode(text) for text in np.where(is_move, move["team"], report["team"]).tolist()]
    category = reason_category(report["reason"])
    category[is_move] = None
    found = names.resolve(cells, written, [[team] for team in teams])
    said = {
        "source_row": np.where(is_move, move["source_row"], 0),
        "player_name_original": texts,
        "team_abbr": _objects(teams),
        "injury_status": np.where(is_move, np.where(out, "out", "available"), _statuses(report)),
        "reason": np.where(is_move, move["notes"], report["reason"]),
        "reason_category": category,
        **_clocks(cells, move, report),
    }
    return {
        **{name: cells[name][entry] for name in ("entry_id", "entry_kind", "game_date")},
        "player_match_key": _objects([without_suffix(key) for key in lookups]),
        "player_lookup": _objects(lookups),
        **names.columns([found[at] for at in entry.tolist()], lookups),
        **{name: values[entry] for name, values in said.items()},
    }


def _statuses(report: Rows) -> Array:
    return _objects([status and status.strip().lower() for status in report["status"].tolist()])


def _clocks(cells: Cells, move: Rows, report: Rows) -> Columns:
    """When each entry was made public, and since when it could be known."""
    noon = injury_moves_known_at(cells["game_date"])
    published = np.where(move.found, noon, report["reported_at"])
    known = np.where(move.found, move["known_at"], report["known_at"])
    # A report bears the moment it was published at; nothing has to be estimated of it.
    known = np.where(np.isnat(known) & ~move.found, published, known)
    publisher = np.where(move.found, move["data_source"], report["data_source"])
    told = Rows({"known_at": known, "data_source": publisher}, move.cell, move.found)
    return {"reported_at": published, **origin.told(told, noon)}


def written_names(text: str) -> list[str]:
    """The distinct names of ``Edrice Adebayo / Bam Adebayo``; none where no name is left."""
    parts = [part.strip() for part in _IN_BRACKETS.sub(" ", text).split(" / ")]
    distinct = {without_suffix(player_lookup(part)): part for part in reversed(parts)}
    return [part for key, part in reversed(distinct.items()) if key]


def _objects(values: Sequence[str | None]) -> Array:
    return np.array(values, dtype=object)


def _cells(inputs: Mapping[str, Columns]) -> Columns:
    moves, reports = inputs["moves"], inputs["reports"]
    number, count = moves["source_row"], len(reports["team"])
    nothing = np.full(len(number), None, dtype=object)
    read = ("reported_at", "team", "player_name")
    listed = zip(*(reports[name].tolist() for name in read), strict=True)
    entries = [f"{row:.0f}" for row in number.tolist()]
    entries += [f"{at:%Y-%m-%d %H:%M:%S} {team} {name}" for at, team, name in listed]
    kinds = [injuries.MOVE] * len(number) + [injuries.REPORT] * count
    never = np.full(len(number), np.datetime64("NaT"), dtype=reports["reported_at"].dtype)
    return {
        "game_date": np.concatenate([moves["game_date"], reports["game_date"]]),
        "source_row": np.concatenate([number, np.full(count, np.nan)]),
        "reported_at": np.concatenate([never, reports["reported_at"]]),
        **{name: np.concatenate([nothing, reports[name]]) for name in ("team", "player_name")},
        "entry_id": _objects(entries),
        "entry_kind": _objects(kinds),
    }


TABLE = Table(
    name="nbac_injury_report",
    dataset="nba_raw",
    description=__doc__,
    entity=("entry_id",),
    key=("reported_at", "source_row", "player_match_key", "entry_id"),
    columns=COLUMNS,
    inputs=INPUTS,
    cells=_cells,
    compute=compute,
    version=3,
    reviewed=names.REVIEWED,
    fan_out=FanOut("entry", "RAW_WORKERS", default_workers=1),
    clustering=("player_match_key", "injury_status"),
    keeps_revisions=True,
)
