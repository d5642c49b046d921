"""The thirty teams: what they are called, where they play at home and on whose clock.

A team is known everywhere by its nba.com tricode; whatever a provider calls it is resolved here.
Coordinates are those of the home arena in decimal degrees. Arenas that are nobody's home, and
distances between arenas, are not kept here.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnknownTeamError(ValueError):
    """A text that names none of the thirty teams, or more than one of them."""


@dataclass(frozen=True)
class Team:
    """One team and its home.

    Attributes:
        tricode: The nba.com abbreviation, ``"LAL"``.
        nba_team_id: The nba.com team id, 1610612737 to 1610612766.
        city: City or region as nba.com writes it.
        nickname: Name without the city.
        full_name: City and nickname.
        latitude: Degrees north of the home arena.
        longitude: Degrees east of the home arena, so always negative.
        timezone: IANA name of the arena's time zone.
    """

    tricode: str
    nba_team_id: int
    city: str
    nickname: str
    full_name: str
    latitude: float
    longitude: float
    timezone: str


_EASTERN = "America/New_York"
_CENTRAL = "America/Chicago"
_MOUNTAIN = "America/Denver"
_PACIFIC = "America/Los_Angeles"

# In the order of nba.com's team ids, of which only the last two digits differ.
_ROWS = (
    ("ATL", 37, "Atlanta", "Hawks", 33.7573, -84.3963, _EASTERN),
    ("BOS", 38, "Boston", "Celtics", 42.3662, -71.0621, _EASTERN),
    ("CLE", 39, "Cleveland", "Cavaliers", 41.4965, -81.6882, _EASTERN),
    ("NOP", 40, "New Orleans", "Pelicans", 29.9490, -90.0821, _CENTRAL),
    ("CHI", 41, "Chicago", "Bulls", 41.8807, -87.6742, _CENTRAL),
    ("DAL", 42, "Dallas", "Mavericks", 32.7906, -96.8103, _CENTRAL),
    ("DEN", 43, "Denver", "Nuggets", 39.7487, -105.0077, _MOUNTAIN),
    ("GSW", 44, "Golden State", "Warriors", 37.7679, -122.3873, _PACIFIC),
    ("HOU", 45, "Houston", "Rockets", 29.7508, -95.3621, _CENTRAL),
    # At the Lakers' arena until 2024; the move to Inglewood shows in the schedule's arena.
    ("LAC", 46, "LA", "Clippers", 34.0430, -118.2673, _PACIFIC),
    ("LAL", 47, "Los Angeles", "Lakers", 34.0430, -118.2673, _PACIFIC),
    ("MIA", 48, "Miami", "Heat", 25.7814, -80.1870, _EASTERN),
    ("MIL", 49, "Milwaukee", "Bucks", 43.0435, -87.9167, _CENTRAL),
    ("MIN", 50, "Minnesota", "Timberwolves", 44.9795, -93.2760, _CENTRAL),
    ("BKN", 51, "Brooklyn", "Nets", 40.6826, -73.9754, _EASTERN),
    ("NYK", 52, "New York", "Knicks", 40.7505, -73.9934, _EASTERN),
    ("ORL", 53, "Orlando", "Magic", 28.5392, -81.3839, _EASTERN),
    ("IND", 54, "Indiana", "Pacers", 39.7640, -86.1555, "America/Indiana/Indianapolis"),
    ("PHI", 55, "Philadelphia", "76ers", 39.9012, -75.1720, _EASTERN),
    ("PHX", 56, "Phoenix", "Suns", 33.4457, -112.0712, "America/Phoenix"),
    ("POR", 57, "Portland", "Trail Blazers", 45.5316, -122.6668, _PACIFIC),
    ("SAC", 58, "Sacramento", "Kings", 38.5816, -121.4999, _PACIFIC),
    ("SAS", 59, "San Antonio", "Spurs", 29.4270, -98.4375, _CENTRAL),
    ("OKC", 60, "Oklahoma City", "Thunder", 35.4634, -97.5151, _CENTRAL),
    ("TOR", 61, "Toronto", "Raptors", 43.6434, -79.3791, "America/Toronto"),
    ("UTA", 62, "Utah", "Jazz", 40.7683, -111.9011, _MOUNTAIN),
    ("MEM", 63, "Memphis", "Grizzlies", 35.1382, -90.0505, _CENTRAL),
    ("WAS", 64, "Washington", "Wizards", 38.8981, -77.0209, _EASTERN),
    ("DET", 65, "Detroit", "Pistons", 42.3411, -83.0553, "America/Detroit"),
    ("CHA", 66, "Charlotte", "Hornets", 35.2251, -80.8392, _EASTERN),
)

TEAMS: dict[str, Team] = {
    code: Team(code, 1_610_612_700 + number, city, nickname, f"{city} {nickname}", lat, lon, zone)
    for code, number, city, nickname, lat, lon, zone in _ROWS
}

# What ESPN, Basketball Reference and the bookmakers write where nba.com writes something else.
_VARIANTS = {
    "BRK": "BKN",
    "CHO": "CHA",
    "PHO": "PHX",
    "GS": "GSW",
    "NO": "NOP",
    "NY": "NYK",
    "SA": "SAS",
    "UTAH": "UTA",
    "WSH": "WAS",
    "Los Angeles Clippers": "LAC",
    "Blazers": "POR",
    "Sixers": "PHI",
}


def tricode(text: str) -> str:
    """Say which team a provider means.

    Args:
        text: A tricode or a known variant of one, a full name or a nickname, in any case and
            spacing: ``"BRK"``, ``"LA Clippers"``, ``"Trail Blazers"``.

    Returns:
        The nba.com tricode.

    Raises:
        UnknownTeamError: If the text names none of the thirty teams. A bare city does not name a
            team, since two of them have two.
    """
    try:
        return _TRICODE_OF[_spelling(text)]
    except KeyError:
        raise UnknownTeamError(
            f"{text!r} is not one of the 30 NBA teams; give a tricode, a full name or a nickname."
        ) from None


def _spelling(text: str) -> str:
    """What is left of a name when case, spaces and punctuation do not count."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


_TRICODE_OF: dict[str, str] = {
    _spelling(name): code
    for name, code in [
        *_VARIANTS.items(),
        *(
            (name, team.tricode)
            for team in TEAMS.values()
            for name in (team.tricode, team.nickname, team.full_name)
        ),
    ]
}
