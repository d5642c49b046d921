"""ESPN: rosters as a second source of who belongs to a team, and a scoreboard of finished games."""

from __future__ import annotations

from nba_pipeline.sources.parsers.nbac_schedule import eastern_day
from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of


def roster(content: bytes, origin: Origin) -> Parsed:
    """A team's players, with positions, sizes and birth dates. ESPN has ids of its own."""
    team = json_of(content, origin)["team"]
    code = team.team("abbreviation")
    return {
        "player_list": [
            {**_player(athlete), "team_abbr": code, "date": origin.day}
            for athlete in team.each("athletes")
        ]
    }


def _player(athlete: Node) -> Row:
    inches = athlete.real_or_none("height")
    weight = athlete.real_or_none("weight")
    return {
        "player_name": athlete.text("fullName"),
        "jersey_number": athlete.text_or_none("jersey"),
        "position": athlete["position"].text("abbreviation"),
        "height": None if inches is None else f"{int(inches) // 12}-{int(inches) % 12}",
        "weight": None if weight is None else int(weight),
        "college": athlete["college"].text_or_none("name") if "college" in athlete else None,
        "birth_date": athlete.day("dateOfBirth") if "dateOfBirth" in athlete else None,
    }


def scoreboard(content: bytes, origin: Origin) -> Parsed:
    """Finished games of a day, without nba.com's ids."""
    return {
        "schedule": [
            _game(competition, event)
            for event in json_of(content, origin).each("events")
            for competition in event.each("competitions")
            if event["status"]["type"]["completed"].value is True
        ]
    }


def _game(competition: Node, event: Node) -> Row:
    sides = {side.text("homeAway"): side for side in competition.each("competitors")}
    if set(sides) != {"home", "away"}:
        raise competition["competitors"].fails("are not one home and one away team")
    return {
        "game_date": eastern_day(competition.instant("date")),
        "home_team_abbr": sides["home"]["team"].team("abbreviation"),
        "away_team_abbr": sides["away"]["team"].team("abbreviation"),
        "home_score": sides["home"].whole("score"),
        "away_score": sides["away"].whole("score"),
        "status": "Final",
        "periods_played": event["status"].whole("period"),
    }
