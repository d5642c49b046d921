"""What a reader sees of one evening: games, players with every system's claim, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from nba_pipeline.report import drawing, record
from nba_pipeline.report.sentences import Nothing


@dataclass(frozen=True)
class Notice:
    """Something that is not there, of which kind it is and why."""

    kind: Nothing
    sentence: str


@dataclass(frozen=True)
class Team:
    """One side of a game: its code, its points once known, and what of its rest is worth a word."""

    code: str
    points: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Game:
    """A game of the day, with the line from the hosts' side."""

    id: str
    away: Team
    home: Team
    when: str
    where: str
    status: str
    spread: str
    total: str


@dataclass(frozen=True)
class Grade:
    """How a claim turned out; numbers are None while nobody knows.

    Attributes:
        word: hit, miss, push, void, pending or no side.
        actual: Points scored.
        error: Predicted less actual.
        is_inside: Whether the points lie in the interval.
        correction: What was first credited, where that was corrected.
    """

    word: str
    actual: int | None
    error: float | None
    is_inside: bool | None
    correction: int | None


@dataclass(frozen=True)
class Claim:
    """What one system says of a player; ``silence`` is why it says nothing."""

    title: str
    system_id: str
    points: float | None = None
    low: float | None = None
    high: float | None = None
    over: float | None = None
    side: str = ""
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    silence: str = ""
    has_failed: bool = False
    grade: Grade | None = None


@dataclass(frozen=True)
class Player:
    """A player who is predicted."""

    name: str
    lookup: str
    team: str
    opponent: str
    is_home: bool
    game_id: str
    status: str
    minutes: float
    line: float | None
    estimate: float | None
    claims: tuple[Claim, ...]
    form: tuple[int, ...]
    spark: drawing.Sparkline
    span: drawing.Span
    drivers: tuple[str, ...]
    why: tuple[str, ...]
    quality: float
    is_ready: bool
    trust: tuple[str, ...]

    @property
    def headline(self) -> Claim:
        """The claim that leads: the ensemble's where it speaks."""
        return self.claims[0]

    @property
    def mean(self) -> float | None:
        """Mean of the recent games."""
        return round(sum(self.form) / len(self.form), 1) if self.form else None

    @property
    def margin(self) -> float | None:
        """Predicted less the line."""
        points = self.headline.points
        return None if self.line is None or points is None else round(points - self.line, 1)


@dataclass(frozen=True)
class Unpredicted:
    """Somebody expected whom nobody predicts, and why; ``actual`` once he has played."""

    name: str
    team: str
    game_id: str
    reason: str
    has_failed: bool
    actual: int | None


@dataclass(frozen=True)
class Page:
    """One evening as a reader sees it."""

    day: date
    notices: tuple[Notice, ...]
    games: tuple[Game, ...]
    players: tuple[Player, ...]
    unpredicted: tuple[Unpredicted, ...]
    systems: tuple[record.System, ...]
    reliability: tuple[record.Part, ...]
    versions: tuple[tuple[str, str], ...]
    top: float
    coverage: float | None

    @property
    def is_graded(self) -> bool:
        """Whether anything has turned out."""
        return any(p.headline.grade and p.headline.grade.word != "pending" for p in self.players)

    @property
    def has_record(self) -> bool:
        """Whether anything of the weeks before has been graded."""
        return any(system.earlier for system in self.systems)

    @property
    def lined(self) -> int:
        """How many players have a line."""
        return sum(player.line is not None for player in self.players)

    @property
    def sides(self) -> Mapping[str, int]:
        """How many players get which recommendation."""
        return Counter(player.headline.side for player in self.players)

    @property
    def words(self) -> Mapping[str, int]:
        """How the headlines turned out."""
        return Counter(p.headline.grade.word for p in self.players if p.headline.grade)
