"""A simulated game written down in the archive format, feed by feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeAlias

from nba_pipeline.domain.calendar import season_label, season_year_of
from nba_pipeline.domain.events import EventType
from nba_pipeline.domain.teams import TEAMS
from nba_pipeline.sources import feeds
from nba_pipeline.sources.simulated.box import COUNTED, Box
from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.events import AWAY, HOME, NEITHER, Event
from nba_pipeline.sources.simulated.fixtures import Fixture
from nba_pipeline.sources.simulated.market import Lines
from nba_pipeline.sources.simulated.moves import Injury
from nba_pipeline.sources.simulated.props import Prop
from nba_pipeline.sources.simulated.texts import Scene, descriptions

Row: TypeAlias = dict[str, object]

# nba.com writes 0 where a play has no such player.
_NO_PLAYER = 0
_THREE = 3


@dataclass(frozen=True)
class GameRecord:
    """Everything there is to say about a played game."""

    season_first_day: date
    fixture: Fixture
    events: tuple[Event, ...]
    box: Box
    lines: Lines
    crew: tuple[str, ...]
    props: tuple[Prop, ...]


def rows_of_game(feed: str, game: GameRecord) -> Iterator[Row]:
    """A game's rows of a feed, each with its ``game_date``."""
    for row in _WRITERS[feed](game):
        yield {"game_date": game.fixture.game_date, "game_id": game.fixture.game_id, **row}


def _season(game: GameRecord) -> Row:
    season = season_label(season_year_of(game.fixture.game_id))
    return {"season": season, "season_type": "Regular Season"}


def _schedule(game: GameRecord) -> Iterator[Row]:
    fixture, box = game.fixture, game.box
    yield {
        **_season(game),
        "home_team_abbr": fixture.home,
        "away_team_abbr": fixture.away,
        "home_score": box.total(HOME, "pts"),
        "away_score": box.total(AWAY, "pts"),
        "status": "Final",
        "postponed_status": "Y" if fixture.is_postponed else "N",
        "scheduled_start_utc": fixture.start,
        "is_neutral": False,
        "periods_played": box.periods,
        "fixture_public_from": fixture.public_from,
        "season_first_day": game.season_first_day,
    }


def _of_team(game: GameRecord, side: int) -> Row:
    return {
        **_season(game),
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


def _game_lines(game: GameRecord) -> Iterator[Row]:
    yield asdict(game.lines)


def _player_props(game: GameRecord) -> Iterator[Row]:
    fixture = game.fixture
    for prop in game.props:
        yield {
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


def _officials(game: GameRecord) -> Iterator[Row]:
    for official in game.crew:
        yield {"official": official}


_WRITERS: dict[str, Callable[[GameRecord], Iterator[Row]]] = {
    feeds.SCHEDULE.name: _schedule,
    feeds.PLAYER_BOX.name: _player_box,
    feeds.TEAM_BOX.name: _team_box,
    feeds.PLAY_BY_PLAY.name: _play_by_play,
    feeds.SHOTS.name: _shots,
    feeds.GAME_LINES.name: _game_lines,
    feeds.PLAYER_PROPS.name: _player_props,
    feeds.OFFICIALS.name: _officials,
}


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
