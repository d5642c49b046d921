"""Where shots come from, what they are called and how often they fall.

Feet from the hoop: x to the shooter's right, y towards mid-court. Who shoots is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, isqrt, sqrt

from nba_pipeline.sources.simulated.clubs import Player
from nba_pipeline.sources.simulated.dice import Dice


@dataclass(frozen=True, slots=True)
class Style:
    """A way to shoot.

    Attributes:
        action: nba.com's number of it.
        text: How play-by-play texts call it.
        chart_text: How the shot chart calls it.
        weight: How common it is in its zone.
        assisted: Share of the makes that are assisted.
    """

    action: int
    text: str
    chart_text: str
    weight: float
    assisted: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the floor.

    Attributes:
        name: What the shot chart calls it; corners have a side as well.
        points: Two or three.
        accuracy: Chance of the ordinary player to make a shot on which he is not fouled.
        fouled: Chance to be fouled instead of getting a shot away.
        and_one: Chance to be fouled on a make.
        blocked: Share of the misses that are blocked.
        styles: How players shoot there.
    """

    name: str
    points: int
    accuracy: float
    fouled: float
    and_one: float
    blocked: float
    styles: tuple[Style, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a shot was taken, in tenths of a foot so that its distance is exact."""

    zone_name: str
    tenths_x: int
    tenths_y: int

    @property
    def _hundredths(self) -> int:
        return self.tenths_x * self.tenths_x + self.tenths_y * self.tenths_y

    @property
    def rounded_feet(self) -> int:
        """Distance to the nearest foot."""
        return (isqrt(4 * self._hundredths) + 10) // 20

    @property
    def whole_feet(self) -> int:
        """Distance without the part of a foot that is left over."""
        return isqrt(self._hundredths) // 10

    @property
    def is_on_a_half(self) -> bool:
        """Whether the distance is an exact half foot, which computers round either way."""
        root = isqrt(self._hundredths)
        return root * root == self._hundredths and root % 10 == 5


@dataclass(frozen=True, slots=True)
class Shot:
    """One attempt."""

    zone: Zone
    style: Style
    spot: Spot

    @property
    def points(self) -> int:
        """What it is worth."""
        return self.zone.points


_JUMPER_OFF_THE_PASS = Style(1, "Jump Shot", "Jump Shot", 62, 0.94)
_PULLUP = Style(79, "Pullup Jump Shot", "Pullup Jump shot", 24, 0.4)
_STEP_BACK = Style(80, "Step Back Jump Shot", "Step Back Jump shot", 9, 0.27)
_FLOATER = Style(101, "Driving Floating Jump Shot", "Driving Floating Jump Shot", 38, 0.42)
_TIP = Style(97, "Tip Layup Shot", "Tip Layup Shot", 45, 0.0)
_PUTBACK = Style(72, "Putback Layup", "Putback Layup Shot", 55, 0.0)

RIM = Zone(
    "Restricted Area",
    points=2,
    accuracy=0.66,
    fouled=0.166,
    and_one=0.11,
    blocked=0.30,
    styles=(
        Style(6, "Driving Layup", "Driving Layup Shot", 34, 0.38),
        Style(5, "Layup", "Layup Shot", 16, 0.72),
        Style(98, "Cutting Layup Shot", "Cutting Layup Shot", 14, 0.99),
        Style(41, "Running Layup", "Running Layup Shot", 11, 0.55),
        Style(75, "Driving Finger Roll Layup", "Driving Finger Roll Layup Shot", 11, 0.38),
        Style(108, "Cutting Dunk Shot", "Cutting Dunk Shot", 8, 1.0),
        Style(52, "Alley Oop Dunk", "Alley Oop Dunk Shot", 6, 1.0),
    ),
)
PAINT = Zone(
    "In The Paint (Non-RA)",
    points=2,
    accuracy=0.42,
    fouled=0.107,
    and_one=0.055,
    blocked=0.17,
    styles=(
        _FLOATER,
        Style(58, "Turnaround Hook Shot", "Turnaround Hook Shot", 22, 0.52),
        Style(78, "Floating Jump Shot", "Floating Jump shot", 22, 0.64),
        Style(6, "Driving Layup", "Driving Layup Shot", 18, 0.37),
    ),
)
MID_RANGE = Zone(
    "Mid-Range",
    points=2,
    accuracy=0.41,
    fouled=0.03,
    and_one=0.015,
    blocked=0.035,
    styles=(
        Style(79, "Pullup Jump Shot", "Pullup Jump shot", 48, 0.37),
        Style(1, "Jump Shot", "Jump Shot", 24, 0.9),
        Style(63, "Fadeaway Jumper", "Fadeaway Jump Shot", 14, 0.29),
        Style(86, "Turnaround Fadeaway", "Turnaround Fadeaway shot", 14, 0.21),
    ),
)
CORNER = Zone(
    "Corner 3",
    points=3,
    accuracy=0.372,
    fouled=0.012,
    and_one=0.008,
    blocked=0.012,
    styles=(_JUMPER_OFF_THE_PASS,),
)
ABOVE_THE_BREAK = Zone(
    "Above the Break 3",
    points=3,
    accuracy=0.338,
    fouled=0.014,
    and_one=0.008,
    blocked=0.015,
    styles=(_JUMPER_OFF_THE_PASS, _PULLUP, _STEP_BACK),
)
ZONES = (RIM, PAINT, MID_RANGE, CORNER, ABOVE_THE_BREAK)


def expected_points(player: Player) -> float:
    """What a shot of this player's usual mix is worth, fouls aside."""
    worth = (
        share * zone.points * (zone.accuracy + player.touch)
        for share, zone in zip(player.zones, ZONES, strict=True)
    )
    return fsum(worth) / fsum(player.zones)


def shot_of(player: Player, dice: Dice, must_be_three: bool = False) -> Shot:
    """A shot from where the player likes to shoot, or his usual kind of three."""
    first = ZONES.index(CORNER) if must_be_three else 0
    zone = dice.pick(ZONES[first:], player.zones[first:])
    return Shot(zone, dice.pick(zone.styles, [s.weight for s in zone.styles]), _spot(zone, dice))


def second_effort(dice: Dice) -> Shot:
    """A tip or putback right after an offensive rebound."""
    style = dice.pick((_TIP, _PUTBACK), (_TIP.weight, _PUTBACK.weight))
    return Shot(RIM, style, _spot(RIM, dice))


_ARC_FT = 23.75
_RIM_FT = 4.0
_LANE_FT, _LANE_DEPTH_FT = 8.0, 13.75


def _spot(zone: Zone, dice: Dice) -> Spot:
    """Somewhere in the zone: throw until a throw lies in it."""
    throw = _THROWS[zone.name]
    while True:
        name, x, y = throw(zone.name, dice)
        spot = Spot(name, round(x * 10), round(y * 10))
        if _lies_in(zone, spot.tenths_x / 10, spot.tenths_y / 10) and not spot.is_on_a_half:
            return spot


def _lies_in(zone: Zone, x: float, y: float) -> bool:
    feet = sqrt(x * x + y * y)
    in_lane = abs(x) <= _LANE_FT and y <= _LANE_DEPTH_FT
    if zone is RIM:
        return feet < _RIM_FT
    if zone is PAINT:
        return in_lane and feet >= _RIM_FT
    if zone is MID_RANGE:
        return not in_lane and feet < _ARC_FT - 1
    return zone is CORNER or feet >= _ARC_FT


def _at_the_rim(name: str, dice: Dice) -> tuple[str, float, float]:
    reach = 3.6 * dice.roll()
    return name, reach * dice.between(-1, 1), reach * dice.between(-1, 1)


def _in_the_lane(name: str, dice: Dice) -> tuple[str, float, float]:
    return name, dice.between(-8, 8), dice.between(-3.5, 13.7)


def _inside_the_arc(name: str, dice: Dice) -> tuple[str, float, float]:
    return name, dice.between(-20, 20), dice.between(-4, 21)


def _in_a_corner(name: str, dice: Dice) -> tuple[str, float, float]:
    side, sign = (("Left", -1), ("Right", 1))[dice.below(2)]
    return f"{side} {name}", sign * dice.between(22, 24), dice.between(-4.5, 8.6)


def _beyond_the_arc(name: str, dice: Dice) -> tuple[str, float, float]:
    far = dice.roll()
    feet = _ARC_FT + 0.1 + 5 * far * far
    x = dice.between(-21.5, 21.5)
    return name, x, sqrt(feet * feet - x * x)


_THROWS = {
    RIM.name: _at_the_rim,
    PAINT.name: _in_the_lane,
    MID_RANGE.name: _inside_the_arc,
    CORNER.name: _in_a_corner,
    ABOVE_THE_BREAK.name: _beyond_the_arc,
}
