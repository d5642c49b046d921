"""A simulated game written down in the archive format, feed by feed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from nba_pipeline.domain.calendar import EASTERN, season_label, season_year_of
from nba_pipeline.domain.events import EventType
from nba_pipeline.domain.games import season_type
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources import feeds
from nba_pipeline.sources.simulated.box import COUNTED, Box
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.events import AWAY, HOME, NEITHER, Event
from nba_pipeline.sources.simulated.fixtures import Fixture
from nba_pipeline.sources.simulated.market import Lines
from nba_pipeline.sources.simulated.moves import Injury
from nba_pipeline.sources.simulated.props import Prop
from nba_pipeline.sources.simulated.reports import Status
from nba_pipeline.sources.simulated.texts import Scene, descriptions

Row: TypeAlias = dict[str, object]

# nba.com writes 0 where a play has no such player.
_NO_PLAYER = 0
_THREE = 3


@dataclass(frozen=True)
class GameRecord:
    """A played game, ready to be written down."""

    fixture: Fixture
    events: tuple[Event, ...]
    box: Box
    crew: tuple[str, ...]


def results_of(game: GameRecord) -> Iterator[tuple[str, Row]]:
    """The rows that say how a game went, each with the feed it belongs to."""
    for feed, write in _WRITERS.items():
        for row in write(game):
            yield feed, {**_game(game.fixture), **row}


def _game(fixture: Fixture) -> Row:
    return {"game_date": fixture.game_date, "game_id": fixture.game_id}


_SEASON_TYPES = {"regular_season": "Regular Season", "play_in": "Play-In", "playoffs": "Playoffs"}


def _season(fixture: Fixture) -> Row:
    return {
        "season": season_label(season_year_of(fixture.game_id)),
        "season_type": _SEASON_TYPES[season_type(fixture.game_id)],
    }


def schedule_row(fixture: Fixture, season_first_day: date, box: Box | None) -> Row:
    """A game's row of the schedule, with its score once it has been played."""
    return {
        **_game(fixture),
        **_season(fixture),
        "home_team_abbr": fixture.home,
        "away_team_abbr": fixture.away,
        "home_score": box.total(HOME, "pts") if box else None,
        "away_score": box.total(AWAY, "pts") if box else None,
        "status": "Final" if box else "Scheduled",
        "postponed_status": "Y" if fixture.is_postponed else "N",
        "scheduled_start_utc": fixture.start,
        "is_neutral": False,
        "periods_played": box.periods if box else None,
        "fixture_public_from": fixture.public_from,
        "season_first_day": season_first_day,
    }


def _of_team(game: GameRecord, side: int) -> Row:
    return {
        **_season(game.fixture),
        "team_abbr": game.fixture.teams[side],
        "opponent_abbr": game.fixture.teams[1 - side],
        "is_home": side == HOME,
    }


def _player_box(game: GameRecord) -> Iterator[Row]:
    box = game.box
    for side in (HOME, AWAY):
        for player, line in box.lines[side].items():
            yield {
                **_of_team(game, side),
                "player_id": player.player_id,
                "player_name": player.name,
                "is_starter": player in box.starters[side],
                "minutes": (line["seconds"] + 30) // 60,
                **{name: line[name] for name in COUNTED},
            }


def _team_box(game: GameRecord) -> Iterator[Row]:
    box = game.box
    for side in (HOME, AWAY):
        yield {
            **_of_team(game, side),
            **{name: box.total(side, name) for name in COUNTED},
            "minutes": box.total(side, "seconds") // 60,
            "tov": box.turnovers(side),
            "tov_individual": box.total(side, "tov"),
            "plus_minus": box.total(side, "pts") - box.total(1 - side, "pts"),
        }


def _play_by_play(game: GameRecord) -> Iterator[Row]:
    box = Box()
    teams = TEAMS[game.fixture.home], TEAMS[game.fixture.away]
    scene = Scene(teams, game.crew, box)
    for at, event in enumerate(game.events):
        box.count(event)
        home, neutral, visitor = descriptions(event, scene)
        yield {
            "row_order": at,
            "event_num": _event_num(at),
            "event_type": int(event.kind),
            "event_action_type": int(event.action),
            "period": event.period,
            "clock": f"{event.clock // 60}:{event.clock % 60:02d}",
            "home_description": home,
            "neutral_description": neutral,
            "visitor_description": visitor,
            "score": _score_text(event),
            **_people(event, game.fixture, box),
            **_facts_of_shot(event),
        }


def _event_num(at: int) -> int:
    """Numbers with gaps, as nba.com's, so that nobody confuses them with the order of rows."""
    return 2 + at * 3 // 2


def _score_text(event: Event) -> str | None:
    if event.score is None:
        return None
    home, away = event.score
    is_tip_off = event.kind is EventType.PERIOD_START and event.period == 1
    return None if is_tip_off else f"{away} - {home}"


def _people(event: Event, fixture: Fixture, box: Box) -> Row:
    """The players of a play, where nba.com has them: who blocks a shot comes third."""
    players = (event.player, event.other, event.third)
    if event.kind is EventType.MISSED_SHOT:
        players = (event.player, None, event.other)
    row: Row = {}
    for place, player in enumerate(players, start=1):
        row[f"player{place}_id"] = player.player_id if player else _NO_PLAYER
        row[f"player{place}_team_abbr"] = _team_of(player, fixture, box) if player else None
    if event.player is None and event.side != NEITHER:
        # A play of the whole team has the team's id where a player's would be.
        row["player1_id"] = TEAMS[fixture.teams[event.side]].nba_team_id
    return row


def _team_of(player: Player, fixture: Fixture, box: Box) -> str:
    return fixture.teams[HOME if player in box.lines[HOME] else AWAY]


def _facts_of_shot(event: Event) -> Row:
    """What is known about an attempt without reading its text."""
    if event.shot is None:
        return {"d_is_fg_attempt": False}
    made = event.kind is EventType.MADE_SHOT
    other = event.other.player_id if event.other else None
    return {
        "d_is_fg_attempt": True,
        "d_is_made": made,
        "d_is_three": event.shot.points == _THREE,
        "d_shot_distance_ft": event.shot.spot.rounded_feet or None,
        "d_assist_player_id": other if made else None,
        "d_block_player_id": None if made else other,
    }


def _shots(game: GameRecord) -> Iterator[Row]:
    number = 0
    for at, event in enumerate(game.events):
        if event.shot is None or event.player is None:
            continue
        spot = event.shot.spot
        yield {
            "shot_number": number,
            "player_id": event.player.player_id,
            "player_name": event.player.name,
            "period": event.period,
            "action_type": event.shot.style.chart_text,
            "shot_type": f"{event.shot.points}PT Field Goal",
            "shot_distance": spot.whole_feet,
            "hoop_x_ft": spot.tenths_x / 10,
            "hoop_y_ft": spot.tenths_y / 10,
            "seconds_left": event.clock,
            "shot_made": event.kind is EventType.MADE_SHOT,
            "shot_zone": spot.zone_name,
            "event_num": _event_num(at),
        }
        number += 1


_WRITERS: dict[str, Callable[[GameRecord], Iterator[Row]]] = {
    feeds.PLAYER_BOX.name: _player_box,
    feeds.TEAM_BOX.name: _team_box,
    feeds.PLAY_BY_PLAY.name: _play_by_play,
    feeds.SHOTS.name: _shots,
}

_Open = Callable[[datetime], bool]


def game_lines_rows(fixture: Fixture, market: Lines, is_public: _Open) -> Iterator[Row]:
    """A game's lines, those that were to be seen by then; no row where there were none."""
    opened = datetime.combine(fixture.game_date - timedelta(days=1), time(12), tzinfo=EASTERN)
    if not is_public(opened):
        return
    row: Row = {**_game(fixture), **asdict(market)}
    if not is_public(fixture.start):
        row |= {name: None for name in row if name.startswith("close") or "moneyline" in name}
    yield row


def prop_rows(fixture: Fixture, props: Iterable[Prop], is_public: _Open) -> Iterator[Row]:
    """A game's points props, those that were to be seen by then."""
    for prop in props:
        if is_public(prop.snapshot_at):
            yield {
                **_game(fixture),
                "date": fixture.game_date,
                "event_id": f"simulated-{fixture.game_id}",
                "home_team": TEAMS[fixture.home].full_name,
                "away_team": TEAMS[fixture.away].full_name,
                "player_name": prop.player.name,
                "player_id": prop.player.player_id,
                "market": "player_points",
                "bookmaker": prop.bookmaker,
                "snapshot": prop.snapshot_at.isoformat(),
                "snapshot_at": prop.snapshot_at,
                "commence_time": fixture.start,
                "line": prop.line,
                "is_two_sided": True,
                "over_price": prop.over_price,
                "under_price": prop.under_price,
            }


def report_rows(fixture: Fixture, said: Iterable[Status], is_public: _Open) -> Iterator[Row]:
    """What the injury reports on a game say, as far as they were out by then."""
    for status in said:
        if is_public(status.reported_at):
            yield {
                "game_date": fixture.game_date,
                "date": fixture.game_date,
                "reported_at": status.reported_at,
                "team": status.team,
                "player_name": status.player.name,
                "status": status.status,
                "reason": status.reason,
                "away_team_abbr": fixture.away,
                "home_team_abbr": fixture.home,
            }


def official_rows(fixture: Fixture, crew: Iterable[str]) -> Iterator[Row]:
    """A game's officials."""
    for official in crew:
        yield {**_game(fixture), "official": official}


def injury_rows(injuries: Sequence[Injury]) -> list[Row]:
    """The injury feed of a season: one row when a player is out, one when he is back."""
    moves = [
        (day, TEAMS[injury.team].nickname, injury.player.name, is_back, injury.reason)
        for injury in injuries
        for day, is_back in ((injury.missed_from, False), (injury.back_on, True))
        if day is not None
    ]
    return [
        {
            "game_date": day,
            "source_row": number,
            "date": day,
            "team": team,
            "acquired": name if is_back else None,
            "relinquished": None if is_back else name,
            "notes": "activated from IL" if is_back else f"placed on IL with {reason}",
        }
        for number, (day, team, name, is_back, reason) in enumerate(sorted(moves), start=1)
    ]
