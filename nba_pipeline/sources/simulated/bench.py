"""One team's evening from the coach's seat: who is on court, how long, and who relieves whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum

from nba_pipeline.domain.events import PERIOD_SECONDS, REGULATION_PERIODS
from nba_pipeline.sources.simulated.clubs import ROSTER_SIZE, Player
from nba_pipeline.sources.simulated.dice import Dice
from nba_pipeline.sources.simulated.moves import STARTERS, Squad

FOULED_OUT = 6
# How much more or less than usual a man takes on from night to night.
_FORM = 0.24
_FOUL_TROUBLE, _CARE_IN_TROUBLE = 4, 0.5
REGULATION = REGULATION_PERIODS * PERIOD_SECONDS
_PLAYER_SECONDS = REGULATION * STARTERS
# Minutes by place in the squad, for a coach who uses nine, ten or eleven men.
_STARTERS_PLAN = (33.5, 31.5, 30.0, 28.0, 26.5)
_BENCH_PLANS = (
    (26.5, 24.0, 21.5, 18.5),
    (25.5, 22.5, 19.5, 15.0, 8.0),
    (23.0, 20.0, 17.5, 14.5, 9.5, 6.0),
)
# A relief is worth it when the man on court is this much further ahead of his plan than the one
# on the bench: large enough that nobody comes and goes within a minute.
_WORTH_A_CHANGE = 165.0
_AT_A_BREAK = 60.0
_CHANGES_AT_ONCE = 3
# Late in a period, men on court who are in no event yet are this much likelier to be in the next:
# seconds left, and how much likelier from then on.
_BOOSTS = ((75, 40.0), (240, 4.0))

Change = tuple[Player, Player]


def usual_minutes(squad: Squad) -> list[tuple[Player, float]]:
    """What each man of a squad plays on an ordinary night."""
    return _shared(squad, (*_STARTERS_PLAN, *_BENCH_PLANS[1]))


def _shared(squad: Squad, minutes: Sequence[float]) -> list[tuple[Player, float]]:
    """The men who play, with their minutes; every roster of a club has its share of a game."""
    shared_by = rosters(squad)
    size = len(squad.players) // shared_by
    return [
        (player, played / shared_by)
        for at in range(shared_by)
        for player, played in zip(squad.players[at * size :], minutes, strict=False)
    ]


def rosters(squad: Squad) -> int:
    """How many rosters of fifteen share the squad's minutes; one, unless the league is scaled."""
    return len(squad.club.players) // ROSTER_SIZE


class Side:
    """One team during one game."""

    def __init__(self, squad: Squad, edge: float, dice: Dice) -> None:
        """Prepare for a game.

        Args:
            squad: Who may play.
            edge: What playing at home, or away, adds to the chance of making a shot.
            dice: Decides how the coach shares out the minutes tonight.
        """
        self.squad = squad
        self.edge = edge
        self.score = 0
        self.team_fouls = 0
        self.timeouts = 0
        self.fouls = dict.fromkeys(squad.players, 0)
        self.court: list[Player] = list(squad.players[:STARTERS])
        self.overlooked: list[Player] = []
        self._seconds = dict.fromkeys(squad.players, 0)
        self._plan = _plan(squad, dice)
        self._form = {player: dice.bell(1.0, _FORM) for player in squad.players}
        self._rosters = rosters(squad)
        self._changes_at_once = _CHANGES_AT_ONCE if self._rosters == 1 else STARTERS

    def begin_period(self, five: Sequence[Player]) -> None:
        """Send five men on court. Until one of them does something, nobody can tell he is there."""
        self.court = list(five)
        self.overlooked = list(five)
        self.team_fouls = 0

    def run(self, seconds: int) -> None:
        """Let time pass for those on court."""
        for player in self.court:
            self._seconds[player] += seconds

    def seen(self, player: Player) -> None:
        """Remember that the record shows the player in this period."""
        if player in self.overlooked:
            self.overlooked.remove(player)

    def change(self, leaving: Player, coming: Player) -> None:
        """Put one man in another's place."""
        self.court[self.court.index(leaving)] = coming
        self.seen(leaving)

    def weights(self, trait: Callable[[Player], float], clock: int) -> list[float]:
        """How likely each man on court is to act; late in a period the overlooked come first."""
        boost = next((boost for left, boost in _BOOSTS if clock < left), 1.0)
        if boost == 1.0 or not self.overlooked:
            return [trait(player) for player in self.court]
        return [
            trait(player) * (boost if player in self.overlooked else 1.0) for player in self.court
        ]

    def appetite(self, player: Player) -> float:
        """How likely a man on court is to end the play, tonight."""
        return player.usage * self._form[player]

    def foul_risk(self, player: Player) -> float:
        """How likely a man on court is to foul: those in foul trouble take care."""
        care = _CARE_IN_TROUBLE if self.fouls[player] >= _FOUL_TROUBLE else 1.0
        return player.fouling * care

    def starters(self) -> list[Player]:
        """The five best who may still play, as the squad lists them."""
        return self._able()[:STARTERS]

    def reserves(self) -> list[Player]:
        """The five who play when the game is decided."""
        return self._able()[-STARTERS:]

    def five_after_break(self, share: float) -> list[Player]:
        """Who comes back on court after a break, nobody announcing the changes."""
        court = list(self.court)
        for leaving, coming in self._reliefs(court, share, _AT_A_BREAK, kept=None):
            court[court.index(leaving)] = coming
        return court

    def reliefs(self, share: float, kept: Player | None) -> list[Change]:
        """Who should be relieved now.

        Args:
            share: Share of the game that is over.
            kept: Somebody who may not leave, because he is about to shoot free throws.
        """
        return self._reliefs(self.court, share, _WORTH_A_CHANGE, kept)

    def changes_to(self, five: Sequence[Player], kept: Player | None) -> list[Change]:
        """The changes that bring on a given five."""
        coming = [player for player in five if player not in self.court]
        leaving = [p for p in self.court if p not in five and p is not kept]
        return list(zip(leaving, coming, strict=False))

    def replacement(self, leaving: Player) -> Player:
        """Who comes in for a man who must leave."""
        share = fsum(self._seconds.values()) / _PLAYER_SECONDS
        bench = [p for p in self._able() if p not in self.court and p is not leaving]
        planned = [player for player in bench if self._plan[player]]
        return min(planned or bench, key=lambda player: self._ahead(player, share))

    def _able(self) -> list[Player]:
        return [player for player in self.squad.players if self.fouls[player] < FOULED_OUT]

    def _ahead(self, player: Player, share: float) -> float:
        """Seconds the player is ahead of his plan."""
        return self._seconds[player] - self._plan[player] * share

    def _reliefs(
        self, court: Sequence[Player], share: float, worth: float, kept: Player | None
    ) -> list[Change]:
        tired = sorted(
            (player for player in court if player is not kept),
            key=lambda player: -self._ahead(player, share),
        )
        rested = sorted(
            (player for player in self._able() if player not in court and self._plan[player]),
            key=lambda player: self._ahead(player, share),
        )
        return [
            (leaving, coming)
            for leaving, coming in zip(tired[: self._changes_at_once], rested, strict=False)
            if self._ahead(leaving, share) - self._ahead(coming, share) > worth / self._rosters
        ]


def _plan(squad: Squad, dice: Dice) -> dict[Player, float]:
    """Seconds each man of the squad is to play; 0 for those who are not to play at all."""
    bench = _BENCH_PLANS[dice.below(len(_BENCH_PLANS))]
    minutes = [usual * dice.bell(1.0, 0.07) for usual in (*_STARTERS_PLAN, *bench)]
    shared = _shared(squad, minutes)
    scale = _PLAYER_SECONDS / fsum(usual for _, usual in shared)
    planned = dict.fromkeys(squad.players, 0.0)
    planned.update((player, usual * scale) for player, usual in shared)
    return planned
