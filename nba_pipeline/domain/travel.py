"""Where games are played, on whose clock, and what the way there costs: miles, hours, jet lag.

A venue is the home team's arena of that season, or the arena of a city the league visits. Home
arenas that never moved are kept with the teams.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from nba_pipeline.domain.teams import TEAMS

Floats = npt.NDArray[np.float64]

EARTH_RADIUS_MILES = 3959.0

#: A time zone gained is harder on the body than one lost.
EASTWARD_JET_LAG = 1.5


@dataclass(frozen=True)
class Venue:
    """A place where games are played.

    Attributes:
        latitude: Degrees north.
        longitude: Degrees east.
        timezone: IANA name.
    """

    latitude: float
    longitude: float
    timezone: str


#: Cities that host games without being the home of the team that counts as host.
VISITED_CITIES = {
    "Austin": Venue(30.2820, -97.7323, "America/Chicago"),
    "Berlin": Venue(52.5052, 13.4436, "Europe/Berlin"),
    "Las Vegas": Venue(36.1028, -115.1784, "America/Los_Angeles"),
    "London": Venue(51.5030, 0.0032, "Europe/London"),
    "Mexico City": Venue(19.4967, -99.1753, "America/Mexico_City"),
    "Paris": Venue(48.8386, 2.3785, "Europe/Paris"),
}

_INGLEWOOD = Venue(33.9445, -118.3430, "America/Los_Angeles")
_TAMPA = Venue(27.9427, -82.4518, "America/New_York")

_CLIPPERS_MOVED = 2024
# Canada's border was closed to the league's teams.
_RAPTORS_IN_TAMPA = 2020


def home_arena(team_abbr: str, season_year: int) -> Venue:
    """Where a team is at home in a season.

    Args:
        team_abbr: Its nba.com tricode.
        season_year: The year the season started.
    """
    if team_abbr == "LAC" and season_year >= _CLIPPERS_MOVED:
        return _INGLEWOOD
    if team_abbr == "TOR" and season_year == _RAPTORS_IN_TAMPA:
        return _TAMPA
    team = TEAMS[team_abbr]
    return Venue(team.latitude, team.longitude, team.timezone)


def venue(
    home_team_abbr: str, season_year: int, arena_city: str | None, *, is_neutral: bool
) -> Venue | None:
    """Where a game is played.

    Args:
        home_team_abbr: The team that counts as host.
        season_year: The year the season started.
        arena_city: The arena's city, None where not stated.
        is_neutral: Whether the host is not at home.

    Returns:
        The city's arena where the league visits it, else the host's; None for a neutral site in a
        city that is not known here.
    """
    if arena_city in VISITED_CITIES:
        return VISITED_CITIES[arena_city]
    return None if is_neutral else home_arena(home_team_abbr, season_year)


@lru_cache(maxsize=4096)
def miles(start: Venue, end: Venue) -> int:
    """Great-circle distance by the haversine formula, to the mile."""
    north, south = math.radians(start.latitude), math.radians(end.latitude)
    across = math.radians(end.longitude - start.longitude)
    chord = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_MILES * math.asin(math.sqrt(chord)))


def leg(start: Venue | None, end: Venue | None, day: date) -> tuple[float, float]:
    """Miles and hours gained on the way from one venue to another, NaN where one is not known."""
    if start is None or end is None:
        return math.nan, math.nan
    return float(miles(start, end)), hours_gained(start, end, day)


def hours_gained(start: Venue, end: Venue, day: date) -> float:
    """How much later clocks are at the end than at the start on a day: above 0 going east."""
    return _utc_offset(end.timezone, day) - _utc_offset(start.timezone, day)


@lru_cache(maxsize=16384)
def _utc_offset(timezone: str, day: date) -> float:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    return (noon.astimezone(ZoneInfo(timezone)).utcoffset() or timedelta()) / timedelta(hours=1)


def direction(hours: Floats) -> npt.NDArray[np.object_]:
    """``east``, ``west``, or ``neutral`` when clocks stay as they are; None where NaN."""
    names = np.full(len(hours), None, dtype=object)
    names[hours > 0], names[hours < 0], names[hours == 0] = "east", "west", "neutral"
    return names


def jet_lag_factor(hours: Floats) -> Floats:
    """Time zones crossed, those gained counting one and a half."""
    return np.where(hours > 0, EASTWARD_JET_LAG * hours, np.abs(hours))


def clock_label(timezone: str, moment: datetime) -> str:
    """How a place says what time it is: ``ET``, ``CT``, ``MT``, ``PT``, else the zone's own name.

    Args:
        timezone: IANA name of the place's time zone.
        moment: When; outside North America summer and winter time have different names.
    """
    name = moment.astimezone(ZoneInfo(timezone)).tzname() or ""
    american = len(name) == len("EST") and name[0] in "ECMP" and name[1:] in ("ST", "DT")
    return f"{name[0]}T" if american else name
