"""Fetching a workflow's sources into the landing zone: members side by side, step after step.

A member that fails stops no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from nba_pipeline.engine.errors import ConfigurationError, SourceError
from nba_pipeline.sources.landing import LandingZone
from nba_pipeline.sources.live.client import Client
from nba_pipeline.sources.live.clock import Clock
from nba_pipeline.sources.live.dropped import land_dropped
from nba_pipeline.sources.live.endpoints import ENDPOINTS, FILE_DROPS, Endpoint
from nba_pipeline.sources.live.fetching import Fetching
from nba_pipeline.sources.live.reports import MemberReport, WorkflowReport
from nba_pipeline.sources.live.targets import Slate
from nba_pipeline.sources.live.workflows import Member, Workflow

#: Seconds a member may take in all.
MEMBER_BUDGET = 300.0


@dataclass(frozen=True)
class Ingestion:
    """Fetches workflows.

    Attributes:
        zone: Where payloads land.
        client: Who asks.
        environ: Where keys, addresses and folders are.
        clock: The client's clock.
    """

    zone: LandingZone
    client: Client
    environ: Mapping[str, str] = field(repr=False)
    clock: Clock = field(default_factory=Clock)

    def run(self, workflow: Workflow, day: date) -> WorkflowReport:
        """Fetch a workflow's sources of an NBA day."""
        started = self.clock.seconds()
        reports: list[MemberReport] = []
        for step in workflow.steps:
            # Seen anew in each step: the one before may have landed what this one goes by.
            slate = Slate(day, self.clock.now(), self.zone)
            with ThreadPoolExecutor(len(step)) as pool:
                reports += pool.map(partial(self._member, slate), step)
        seconds = round(self.clock.seconds() - started, 3)
        return WorkflowReport(workflow.name, day.isoformat(), reports, seconds)

    def _member(self, slate: Slate, member: Member) -> MemberReport:
        started = self.clock.seconds()
        report = MemberReport(member.name, member.is_critical)
        try:
            self._fetch(member, slate, report)
        except (SourceError, ConfigurationError) as error:
            report.fails(f"{member.name}: {error}")
        report.seconds = round(self.clock.seconds() - started, 3)
        return report

    def _fetch(self, member: Member, slate: Slate, report: MemberReport) -> None:
        missing = member.missing_setting(self.environ)
        if missing and member.is_critical:
            raise ConfigurationError(f"{missing} is not set")
        if missing:
            report.notes.append(f"left out: {missing} is not set")
        elif young := _young_enough(member, slate):
            report.notes.append(young)
        elif member.name in FILE_DROPS:
            land_dropped(FILE_DROPS[member.name], slate, self.environ, report)
        else:
            deadline = self.clock.seconds() + MEMBER_BUDGET
            fetching = Fetching(slate, self.client, self.environ, deadline)
            fetching.fetch(_endpoint(member, slate), report)


def _endpoint(member: Member, slate: Slate) -> Endpoint:
    """The endpoint to ask; about a day that is over some hosts want another one."""
    endpoint = ENDPOINTS[member.name]
    return ENDPOINTS[endpoint.history] if endpoint.history and slate.is_over else endpoint


def _young_enough(member: Member, slate: Slate) -> str:
    """Why a schedule is not fetched again, where it need not be."""
    newest = slate.schedule() if member.unless_younger_than else None
    if newest is None or member.unless_younger_than is None:
        return ""
    age = slate.now - newest.fetched_at
    hours = age.total_seconds() / 3600
    return f"landed {hours:.1f} h ago" if age < member.unless_younger_than else ""
