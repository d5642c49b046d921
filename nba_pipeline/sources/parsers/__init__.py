"""What payloads say, as rows of feeds: one pure function for each kind of payload.

A parser takes the bytes and where they come from, and gives rows in the archive format
(``sources/feeds.py``), leaving out what the payload does not tell. Whoever reads the landing zone
fills that in from the schedule. A payload that is not as it used to be is an
``UnknownPayloadError``; nothing else comes out of here.

Several kinds may tell of the same feed. They are listed with the one that is believed first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.parsers import (
    archive_feed,
    balldontlie,
    bettingpros,
    espn,
    nbac_boxscores,
    nbac_injury_report,
    nbac_people,
    nbac_play_by_play,
    nbac_schedule,
    nbac_shots,
    odds_api,
)
from nba_pipeline.sources.parsers.shape import (
    Origin,
    Parsed,
    UnknownPayloadError,
    json_of,
)

__all__ = ["KINDS", "Kind", "Origin", "UnknownPayloadError", "parse"]

Parser = Callable[[bytes, Origin], Parsed]


@dataclass(frozen=True)
class Kind:
    """One kind of payload.

    Attributes:
        source: Who publishes it.
        name: What it is; with the source, its folder in the landing zone.
        parsers: By the key a payload of that shape has at its top, so that one kind may come in the
            shapes its publisher has had; the empty key is for the only shape, whatever it is.
        feeds: What it tells of.
    """

    source: str
    name: str
    parsers: Mapping[str, Parser]
    feeds: tuple[str, ...]

    @property
    def title(self) -> str:
        """For people and for ``data_source``: ``nbac.player_boxscore``."""
        return f"{self.source}.{self.name}"


def _kind(
    source: str, name: str, feeds: str, parser: Parser | None = None, **shapes: Parser
) -> Kind:
    return Kind(source, name, {"": parser} if parser else shapes, tuple(feeds.split()))


#: In the order in which they are believed.
KINDS = (
    _kind("nbac", "schedule", "schedule", nbac_schedule.season_schedule),
    _kind("nbac", "schedule_cdn", "schedule", nbac_schedule.season_schedule),
    _kind(
        "nbac",
        "scoreboard",
        "schedule",
        scoreboard=nbac_schedule.scoreboard_v3,
        resultSets=nbac_schedule.scoreboard_v2,
    ),
    # Who will officiate is known in the morning, who did when the game is over.
    _kind("nbac", "referee", "officials", nbac_people.referee_assignments),
    _kind("nbac", "player_boxscore", "player_box", nbac_boxscores.game_log),
    _kind(
        "nbac",
        "team_boxscore",
        "player_box team_box officials",
        boxScoreTraditional=nbac_boxscores.box_v3,
        game=nbac_boxscores.live_box,
    ),
    _kind("nbac", "team_boxscore_v2", "player_box team_box", nbac_boxscores.box_v2),
    _kind(
        "nbac",
        "play_by_play",
        "play_by_play",
        game=nbac_play_by_play.plays_of_game,
        resultSets=nbac_play_by_play.plays_v2,
    ),
    _kind("nbac", "shots", "shots", nbac_shots.shot_chart),
    _kind("nbac", "boxscore_summary", "officials", nbac_boxscores.summary_v2),
    _kind("nbac", "player_list", "player_list", nbac_people.player_index),
    _kind("nbac", "injury_report", "injury_reports", nbac_injury_report.injury_report),
    _kind("oddsa", "events", "", odds_api.events),
    _kind("oddsa", "events_history", "", odds_api.events),
    _kind("oddsa", "game_lines", "game_line_snapshots", odds_api.game_lines),
    _kind("oddsa", "game_lines_history", "game_line_snapshots", odds_api.game_lines),
    _kind("oddsa", "player_props", "player_props", odds_api.player_props),
    _kind("oddsa", "player_props_history", "player_props", odds_api.player_props),
    _kind("bp", "events", "", bettingpros.events),
    _kind("bp", "player_props", "player_props", bettingpros.offers),
    _kind("bdl", "box_scores", "player_box", balldontlie.box_scores),
    _kind("bdl", "games", "schedule", balldontlie.games),
    _kind("bdl", "injuries", "injury_reports", balldontlie.injuries),
    _kind("espn", "scoreboard", "schedule", espn.scoreboard),
    _kind("espn", "roster", "player_list", espn.roster),
    # A league of one's own, which publishes rows as they are. Nobody else tells of its games.
    *(
        _kind("simulated", feed.name, feed.name, partial(archive_feed.rows_of, feed=feed))
        for feed in FEEDS.values()
    ),
)


def parse(kind: Kind, content: bytes, origin: Origin) -> Parsed:
    """The rows of a payload, by feed.

    Raises:
        UnknownPayloadError: When it is not as its publisher's payloads used to be.
    """
    parsed = _parser(kind, content, origin)(content, origin)
    for feed, rows in parsed.items():
        if feed not in FEEDS:
            continue
        try:
            pa.Table.from_pylist(list(rows), schema=FEEDS[feed].schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, ValueError) as error:
            raise UnknownPayloadError(origin.file, f"has a value of no {feed}: {error}") from error
    return parsed


def _parser(kind: Kind, content: bytes, origin: Origin) -> Parser:
    if "" in kind.parsers:
        return kind.parsers[""]
    root = json_of(content, origin)
    for key, parser in kind.parsers.items():
        if key in root:
            return parser
    raise root.fails(f"has none of {', '.join(kind.parsers)} at its top")
