"""balldontlie: the second source of box scores. It has ids of its own, so players go by name."""

from __future__ import annotations

from collections.abc import Iterator

from nba_pipeline.sources.parsers.shape import Node, Origin, Parsed, Row, json_of

_COUNTED = (
    *("pts", "reb", "ast", "stl", "blk", "pf", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta"),
    *("oreb", "dreb"),
)
_SIDES = (("home_team", "visitor_team"), ("visitor_team", "home_team"))


def box_scores(content: bytes, origin: Origin) -> Parsed:
    """A day's games with the players who appeared; minutes are whole ones."""
    rows: list[Row] = []
    for game in json_of(content, origin).each("data"):
        if not game.text("status").startswith("Final"):
            continue
        for side, other in _SIDES:
            about = {
                "game_date": game.day("date"),
                "team_abbr": game[side].team("abbreviation"),
                "opponent_abbr": game[other].team("abbreviation"),
                "is_home": side == "home_team",
            }
            rows += [{**about, **line} for line in _lines(game[side])]
    return {"player_box": rows}


def _lines(team: Node) -> Iterator[Row]:
    for line in team.each("players"):
        minutes = line.text_or_none("min")
        counted = {name: line.whole_or_none(name) or 0 for name in _COUNTED}
        if minutes in (None, "0", "00") and not any(counted.values()):
            continue
        player = line["player"]
        yield {
            "player_name": f"{player.text('first_name')} {player.text('last_name')}".strip(),
            "minutes": _minutes(line),
            **counted,
            "tov": line.whole_or_none("turnover") or 0,
        }


def _minutes(line: Node) -> int:
    """Whole minutes of ``28`` or ``28:31``."""
    text = line.text_or_none("min") or "0"
    whole, colon, seconds = text.partition(":")
    if not whole.isdecimal() or (colon and not seconds.isdecimal()):
        raise line["min"].fails(f"is no number of minutes: {text!r:.60}")
    return int(whole[:3]) + (int(seconds[:2]) >= 30 if colon else 0)


def games(content: bytes, origin: Origin) -> Parsed:
    """A list of games, without nba.com's ids: scores to hold others against, once they are over."""
    return {
        "schedule": [
            {
                "game_date": game.day("date"),
                "home_team_abbr": game["home_team"].team("abbreviation"),
                "away_team_abbr": game["visitor_team"].team("abbreviation"),
                "home_score": game.whole("home_team_score"),
                "away_score": game.whole("visitor_team_score"),
                "status": "Final",
                "periods_played": game.whole("period"),
            }
            for game in json_of(content, origin).each("data")
            if game.text("status").startswith("Final")
        ]
    }


def injuries(content: bytes, origin: Origin) -> Parsed:
    """Who is hurt, as of the fetch. It names no game; the day is the one it was asked for."""
    statuses = {
        "out": "out",
        "out for season": "out",
        "doubtful": "doubtful",
        "questionable": "questionable",
        "day-to-day": "questionable",
        "probable": "probable",
    }
    rows = []
    for line in json_of(content, origin).each("data"):
        player, status = line["player"], line.text("status").strip().lower()
        if status not in statuses:
            raise line["status"].fails(f"is no status known here: {status!r:.60}")
        rows.append(
            {
                "date": origin.day,
                "reported_at": origin.fetched_at,
                "team": _TEAMS.get(player.whole("team_id")),
                "player_name": f"{player.text('first_name')} {player.text('last_name')}".strip(),
                "status": statuses[status],
                "reason": line.text_or_none("description"),
            }
        )
    return {"injury_reports": [row for row in rows if row["team"]]}


# balldontlie numbers the teams by the alphabet of their full names.
_TEAMS = dict(
    enumerate(
        (
            *("ATL", "BOS", "BKN", "CHA", "CHI", "CLE", "DAL", "DEN", "DET", "GSW", "HOU", "IND"),
            *("LAC", "LAL", "MEM", "MIA", "MIL", "MIN", "NOP", "NYK", "OKC", "ORL", "PHI", "PHX"),
            *("POR", "SAC", "SAS", "TOR", "UTA", "WAS"),
        ),
        start=1,
    )
)
