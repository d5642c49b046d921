"""Every endpoint, as a table: what is asked, for what, and what an answer holds.

Words in braces are filled in per request; ``targets.py`` knows them. Where ``nba_api`` knows an
endpoint, its parameters come from there and only what we ask differently is written here. The
library's own transport is not used: it hands on neither the status, nor ``Retry-After``, nor the
bytes as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from nba_pipeline.engine.variables import Variable


class Per(Enum):
    """What one request is about."""

    DAY = auto()
    SEASON = auto()
    SEASON_TYPE = auto()
    GAME = auto()
    TEAM = auto()
    EVENT = auto()
    SLATE = auto()
    REPORT = auto()


@dataclass(frozen=True)
class Endpoint:
    """One thing a host can be asked.

    Attributes:
        name: Its id, ``<source>_<kind>``.
        source: Under which its payloads land.
        kind: Under which its payloads land.
        host: Whom to ask, a name of ``HOSTS``.
        path: Of the address.
        per: What one request is about.
        parameters: The query.
        nba_api: The class of ``nba_api`` that knows the query's other parameters.
        extension: What comes: ``json`` or ``pdf``.
        rows: Where the rows lie in the JSON, keys and indices joined by slashes; empty for what is
            the rows itself. An answer without rows is empty, and not kept.
        paging: The key of the next page's cursor, or of the number of pages; empty for one page.
        fine: Statuses other than 200 that mean there is nothing.
        may_be_empty: Whether nothing is an answer like any other.
        instead: The endpoint that is asked for the same target when this one fails or has no rows.
        history: The endpoint to ask about a day that is over.
    """

    name: str
    source: str
    kind: str
    host: str
    path: str
    per: Per = Per.DAY
    parameters: Mapping[str, str] = field(default_factory=dict)
    nba_api: str = ""
    extension: str = "json"
    rows: str = ""
    paging: str = ""
    fine: frozenset[int] = frozenset()
    may_be_empty: bool = False
    instead: str = ""
    history: str = ""

    def query(self, words: Mapping[str, str]) -> dict[str, str]:
        """The query with its words filled in."""
        known = _known_to_nba_api(self.nba_api) if self.nba_api else {}
        return known | {name: text.format_map(words) for name, text in self.parameters.items()}


@dataclass(frozen=True)
class FileDrop:
    """Files somebody puts into a folder, such as the exports of a subscription.

    Attributes:
        name: Its id.
        source: Under which its files land.
        kind: Under which its files land.
        setting: What names the folder.
        pattern: A regular expression for a file's name, with groups ``day`` and ``name``.
        extension: How the files' names end.
    """

    name: str
    source: str
    kind: str
    setting: Variable
    pattern: str
    extension: str


_NOT_PUBLISHED = frozenset({403, 404})
_SPORT = "/sports/basketball_nba"
_ODDS = {"regions": "us", "bookmakers": "draftkings,fanduel", "dateFormat": "iso"}
_PROPS = {**_ODDS, "markets": "player_points"}
_LINES = {**_ODDS, "markets": "spreads,totals"}
_EASTERN_DAY = {
    "dateFormat": "iso",
    "commenceTimeFrom": "{day_begins}",
    "commenceTimeTo": "{day_ends}",
}
# No market yet, or no longer.
_NO_MARKET = frozenset({204, 404})

_ALL = (
    Endpoint(
        "nbac_schedule",
        "nbac",
        "schedule",
        "stats",
        "/stats/scheduleleaguev2int",
        Per.SEASON,
        {"Season": "{season}"},
        nba_api="ScheduleLeagueV2Int",
        rows="leagueSchedule/gameDates",
        instead="nbac_schedule_cdn",
    ),
    Endpoint(
        "nbac_schedule_cdn",
        "nbac",
        "schedule_cdn",
        "cdn",
        "/static/json/staticData/scheduleLeagueV2_1.json",
        Per.SEASON,
        rows="leagueSchedule/gameDates",
    ),
    Endpoint(
        "nbac_player_list",
        "nbac",
        "player_list",
        "stats",
        "/stats/playerindex",
        Per.SEASON,
        {"Season": "{season}", "Historical": "0", "SeasonType": "Regular Season", "TeamID": "0"},
        nba_api="PlayerIndex",
        rows="resultSets/0/rowSet",
    ),
    Endpoint(
        "nbac_player_boxscore",
        "nbac",
        "player_boxscore",
        "stats",
        "/stats/leaguegamelog",
        Per.SEASON_TYPE,
        {
            "Counter": "1000",
            "DateFrom": "{day}",
            "DateTo": "{day}",
            "Direction": "DESC",
            "PlayerOrTeam": "P",
            "Season": "{season}",
            "SeasonType": "{season_type}",
        },
        nba_api="LeagueGameLog",
        rows="resultSets/0/rowSet",
    ),
    Endpoint(
        "nbac_team_boxscore",
        "nbac",
        "team_boxscore",
        "stats",
        "/stats/boxscoretraditionalv3",
        Per.GAME,
        {"GameID": "{game_id}"},
        nba_api="BoxScoreTraditionalV3",
        rows="boxScoreTraditional/homeTeam/players",
        instead="nbac_team_boxscore_v2",
    ),
    Endpoint(
        "nbac_team_boxscore_v2",
        "nbac",
        "team_boxscore_v2",
        "stats",
        "/stats/boxscoretraditionalv2",
        Per.GAME,
        {
            "GameID": "{game_id}",
            "StartPeriod": "0",
            "EndPeriod": "10",
            "StartRange": "0",
            "EndRange": "28800",
            "RangeType": "0",
        },
        rows="resultSets/1/rowSet",
    ),
    Endpoint(
        "nbac_play_by_play",
        "nbac",
        "play_by_play",
        "cdn",
        "/static/json/liveData/playbyplay/playbyplay_{game_id}.json",
        Per.GAME,
        rows="game/actions",
        fine=_NOT_PUBLISHED,
    ),
    Endpoint(
        "nbac_injury_report",
        "nbac",
        "injury_report",
        "reports",
        "/referee/injury/Injury-Report_{day}_{report}.pdf",
        Per.REPORT,
        extension="pdf",
        fine=_NOT_PUBLISHED,
        may_be_empty=True,
    ),
    Endpoint(
        "nbac_gamebook",
        "nbac",
        "gamebook",
        "gamebooks",
        "/pdfs/{compact_day}/{game_code}.pdf",
        Per.GAME,
        extension="pdf",
        fine=_NOT_PUBLISHED,
    ),
    Endpoint(
        "nbac_referee",
        "nbac",
        "referee",
        "officials",
        "/wp-json/api/v1/get-game-officials",
        parameters={"date": "{day}"},
        rows="nba/Table/rows",
        fine=frozenset({404}),
        may_be_empty=True,
    ),
    Endpoint(
        "oddsa_events",
        "oddsa",
        "events",
        "odds",
        f"/v4{_SPORT}/events",
        parameters=_EASTERN_DAY,
        may_be_empty=True,
        history="oddsa_events_history",
    ),
    Endpoint(
        "oddsa_player_props",
        "oddsa",
        "player_props",
        "odds",
        f"/v4{_SPORT}/events/{{event_id}}/odds",
        Per.EVENT,
        _PROPS,
        rows="bookmakers",
        fine=_NO_MARKET,
        may_be_empty=True,
        history="oddsa_player_props_history",
    ),
    Endpoint(
        "oddsa_game_lines",
        "oddsa",
        "game_lines",
        "odds",
        f"/v4{_SPORT}/events/{{event_id}}/odds",
        Per.EVENT,
        _LINES,
        rows="bookmakers",
        fine=_NO_MARKET,
        may_be_empty=True,
        history="oddsa_game_lines_history",
    ),
    Endpoint(
        "oddsa_events_history",
        "oddsa",
        "events_history",
        "odds",
        f"/v4/historical{_SPORT}/events",
        parameters={**_EASTERN_DAY, "date": "{noon}"},
        rows="data",
        may_be_empty=True,
    ),
    Endpoint(
        "oddsa_player_props_history",
        "oddsa",
        "player_props_history",
        "odds",
        f"/v4/historical{_SPORT}/events/{{event_id}}/odds",
        Per.EVENT,
        {**_PROPS, "date": "{before_tipoff}"},
        rows="data/bookmakers",
        fine=_NO_MARKET,
        may_be_empty=True,
    ),
    Endpoint(
        "oddsa_game_lines_history",
        "oddsa",
        "game_lines_history",
        "odds",
        f"/v4/historical{_SPORT}/events/{{event_id}}/odds",
        Per.EVENT,
        {**_LINES, "date": "{before_tipoff}"},
        rows="data/bookmakers",
        fine=_NO_MARKET,
        may_be_empty=True,
    ),
    Endpoint(
        "bp_events",
        "bp",
        "events",
        "bettingpros",
        "/v3/events",
        parameters={"sport": "NBA", "date": "{day}"},
        rows="events",
        may_be_empty=True,
    ),
    Endpoint(
        "bp_player_props",
        "bp",
        "player_props",
        "bettingpros",
        "/v3/offers",
        Per.SLATE,
        {"sport": "NBA", "market_id": "156", "event_id": "{event_ids}", "limit": "10"},
        rows="offers",
        paging="_pagination/total_pages",
        may_be_empty=True,
    ),
    Endpoint(
        "espn_roster",
        "espn",
        "roster",
        "espn",
        "/apis/site/v2/sports/basketball/nba/teams/{espn_team}",
        Per.TEAM,
        {"enable": "roster"},
        rows="team/athletes",
    ),
    Endpoint(
        "bdl_box_scores",
        "bdl",
        "box_scores",
        "balldontlie",
        "/v1/box_scores",
        parameters={"date": "{day}", "per_page": "100"},
        rows="data",
        paging="meta/next_cursor",
        may_be_empty=True,
    ),
    Endpoint(
        "bdl_injuries",
        "bdl",
        "injuries",
        "balldontlie",
        "/v1/player_injuries",
        parameters={"per_page": "100"},
        rows="data",
        paging="meta/next_cursor",
        may_be_empty=True,
    ),
    FileDrop(
        "bigdataball_play_by_play",
        "bigdataball",
        "play_by_play",
        Variable(
            "BIGDATABALL_DIR",
            "folder of play-by-play exports named like [YYYY-MM-DD]-0022400561-NYK@PHI.csv; they "
            "are kept in the landing zone, but nothing reads them yet: they name players without "
            "ids",
            form="a folder",
        ),
        r"\[(?P<day>\d{4}-\d{2}-\d{2})\]-(?P<name>\d{10})-[A-Z]{3}@[A-Z]{3}\.csv",
        "csv",
    ),
)

ENDPOINTS: dict[str, Endpoint] = {each.name: each for each in _ALL if isinstance(each, Endpoint)}
FILE_DROPS: dict[str, FileDrop] = {each.name: each for each in _ALL if isinstance(each, FileDrop)}


def _known_to_nba_api(name: str) -> dict[str, str]:
    """An endpoint's parameters with the library's defaults."""
    # Imported late: the library brings its hundred endpoints along.
    from nba_api.stats import endpoints

    known = getattr(endpoints, name)
    required = {"game_id": ""} if name.startswith("BoxScore") else {}
    parameters: dict[str, Any] = known(**required, get_request=False).parameters
    return {key: "" if value is None else str(value) for key, value in parameters.items()}
