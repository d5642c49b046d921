"""Which sources are fetched together, in which order, and whose failure matters.

Members of a step are fetched side by side; a step begins when the one before it has ended. When a
workflow runs is not said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from nba_pipeline.sources.live.endpoints import ENDPOINTS, FILE_DROPS
from nba_pipeline.sources.live.hosts import HOSTS, is_configured

# A schedule older than this is fetched anew before anything asks it for games.
_FRESH = timedelta(hours=6)


@dataclass(frozen=True)
class Member:
    """A source's part in a workflow.

    Attributes:
        name: The endpoint's or file drop's id.
        is_critical: Whether the workflow fails when it fails.
        unless_younger_than: It is left alone while its newest schedule is younger than this.
    """

    name: str
    is_critical: bool = True
    unless_younger_than: timedelta | None = None

    def missing_setting(self, environ: Mapping[str, str]) -> str:
        """The setting without which the member cannot work, if it is missing; else empty."""
        if drop := FILE_DROPS.get(self.name):
            return "" if drop.setting.is_set_in(environ) else drop.setting.name
        host = HOSTS[ENDPOINTS[self.name].host]
        if is_configured(host, environ) or host.key is None:
            return ""
        return host.key.setting.name


@dataclass(frozen=True)
class Workflow:
    """Sources that are fetched together.

    Attributes:
        name: The job's name.
        description: What a person reads in the UI.
        steps: Members side by side, step after step.
    """

    name: str
    description: str
    steps: tuple[tuple[Member, ...], ...]

    @property
    def members(self) -> list[Member]:
        """All members, in order."""
        return [member for step in self.steps for member in step]

    def missing_settings(self, environ: Mapping[str, str]) -> list[str]:
        """Settings without which a critical member cannot work."""
        missing = (m.missing_setting(environ) for m in self.members if m.is_critical)
        return sorted({setting for setting in missing if setting})


_SCHEDULE_IF_OLD = (Member("nbac_schedule", unless_younger_than=_FRESH),)

WORKFLOWS: dict[str, Workflow] = {
    workflow.name: workflow
    for workflow in (
        Workflow(
            "morning_operations",
            "The day's schedule, players and rosters. Once a day, from 06:00 ET.",
            (
                (
                    Member("nbac_schedule"),
                    Member("nbac_player_list"),
                    Member("espn_roster", is_critical=False),
                ),
            ),
        ),
        Workflow(
            "betting_lines",
            "Events first, then points props and game lines of every event side by side.",
            (
                (Member("oddsa_events"), Member("bp_events", is_critical=False)),
                (
                    Member("oddsa_player_props"),
                    Member("oddsa_game_lines"),
                    Member("bp_player_props", is_critical=False),
                ),
            ),
        ),
        Workflow(
            "injury_discovery",
            "Every injury report of the day that is out and has not landed yet.",
            ((Member("nbac_injury_report"), Member("bdl_injuries", is_critical=False)),),
        ),
        Workflow(
            "referee_discovery",
            "The day's officials; published in the morning.",
            ((Member("nbac_referee"),),),
        ),
        Workflow(
            "post_game",
            "Box scores, play-by-play and gamebooks of the day's games.",
            (
                _SCHEDULE_IF_OLD,
                (
                    Member("nbac_player_boxscore"),
                    Member("nbac_team_boxscore"),
                    Member("nbac_play_by_play"),
                    Member("nbac_gamebook", is_critical=False),
                    Member("bdl_box_scores", is_critical=False),
                    Member("bigdataball_play_by_play", is_critical=False),
                ),
            ),
        ),
    )
}
