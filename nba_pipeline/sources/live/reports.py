"""What came of fetching: counts and sentences, member by member."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class MemberReport:
    """What came of one member of a workflow.

    Attributes:
        member: Its id.
        is_critical: Whether its failure is the workflow's.
        fetched: Payloads that landed.
        unchanged: Payloads that said what the newest revision says.
        nothing: Requests answered with nothing, where nothing may be.
        failed: Requests without an answer.
        problems: Why, one sentence each.
        notes: What else a person should know.
        seconds: Wall seconds.
    """

    member: str
    is_critical: bool
    fetched: int = 0
    unchanged: int = 0
    nothing: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def fails(self, sentence: str) -> None:
        """Count a request without an answer."""
        self.failed += 1
        self.problems.append(sentence)

    def landed(self, is_new: bool) -> None:
        """Count a payload."""
        self.fetched += is_new
        self.unchanged += not is_new

    def add(self, other: MemberReport) -> None:
        """Count what another report of the same member counts; a note is told once."""
        self.fetched += other.fetched
        self.unchanged += other.unchanged
        self.nothing += other.nothing
        self.failed += other.failed
        self.problems += other.problems
        self.notes += [note for note in other.notes if note not in self.notes]


@dataclass
class WorkflowReport:
    """What came of a workflow.

    Attributes:
        workflow: Its name.
        date: The NBA day.
        members: One report each, in the workflow's order.
        seconds: Wall seconds.
    """

    workflow: str
    date: str
    members: list[MemberReport]
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether every critical member did."""
        return not self.problems

    @property
    def problems(self) -> list[str]:
        """What went wrong with critical members, one sentence each."""
        return [
            problem for member in self.members if member.is_critical for problem in member.problems
        ]

    def as_json(self) -> dict[str, Any]:
        """The report in the types JSON has."""
        return {**asdict(self), "succeeded": self.succeeded}
