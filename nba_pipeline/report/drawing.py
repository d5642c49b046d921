"""Shapes of the page as SVG paths: whole pixels, no style, nothing but numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Pixels: a bar and the gap after it, the height of a sparkline; the width of an interval.
BAR, SPARK_HEIGHT, SPAN_WIDTH = 7, 24, 150


@dataclass(frozen=True)
class Sparkline:
    """Points of recent games as bars, oldest first.

    Attributes:
        over: Path of the bars above the line, or of all where there is no line.
        under: Path of the others.
        line: Height of the line in pixels from the top; None without one.
        width: In pixels.
    """

    over: str
    under: str
    line: float | None
    width: int


@dataclass(frozen=True)
class Span:
    """A forecast between the ends of its interval, in pixels from the left.

    Attributes:
        low: Where the interval begins.
        high: Where it ends.
        at: The forecast.
        line: The line; None without one.
        actual: What was scored; None while nobody knows.
    """

    low: float
    high: float
    at: float
    line: float | None
    actual: float | None


def sparkline(points: Sequence[float], line: float | None, top: float) -> Sparkline:
    """Bars for points.

    Args:
        points: Of the games, oldest first.
        line: What they are held against.
        top: Points at the top of the picture.
    """
    over: list[str] = []
    under: list[str] = []
    for at, scored in enumerate(points):
        # A game without a point still shows that it was played.
        height = max(1, round(SPARK_HEIGHT * min(scored, top) / top))
        bar = f"M{at * BAR + 3} {SPARK_HEIGHT}v-{height}"
        (over if line is None or scored > line else under).append(bar)
    level = None if line is None else round(SPARK_HEIGHT * (1 - min(line, top) / top), 1)
    return Sparkline("".join(over), "".join(under), level, BAR * len(points))


def span(
    low: float, high: float, at: float, line: float | None, actual: float | None, top: float
) -> Span:
    """An interval on a scale from 0 to ``top`` points."""

    def place(points: float) -> float:
        return round(SPAN_WIDTH * min(max(points, 0.0), top) / top, 1)

    def known(points: float | None) -> float | None:
        return None if points is None else place(points)

    return Span(place(low), place(high), place(at), known(line), known(actual))
