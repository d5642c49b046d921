"""What a check found: one of four outcomes, and one sentence for a tired person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check came out. What does not apply is neither good nor bad."""

    PASS = "pass"  # noqa: S105  # no password
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Finding:
    """What one check found on one date.

    Attributes:
        name: The check; one name is one cause, whatever the date.
        outcome: How it came out.
        sentence: What is the case, with table, date and counts.
        fix: The command that helps, where something is to be done and one does.
    """

    name: str
    outcome: Outcome
    sentence: str
    fix: str = ""

    def __post_init__(self) -> None:
        """Nobody is told to mend what is whole."""
        if not self.is_news:
            object.__setattr__(self, "fix", "")

    @property
    def beside_outcome(self) -> str:
        """The sentence where the outcome stands beside it."""
        return self.sentence.removeprefix(f"{Outcome.NOT_APPLICABLE}: ")

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done at once."""
        return self.outcome is not Outcome.FAIL

    @property
    def is_news(self) -> bool:
        """Whether somebody should be told."""
        return self.outcome in (Outcome.PARTIAL, Outcome.FAIL)


def passes(name: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(name, Outcome.PASS, sentence)


def not_applicable(name: str, why: str) -> Finding:
    """Nothing to judge, and why."""
    return Finding(name, Outcome.NOT_APPLICABLE, f"{Outcome.NOT_APPLICABLE}: {why}")


def at_least(value: float, good: float, fair: float) -> Outcome:
    """Pass from ``good`` on, partial from ``fair`` on, else fail."""
    if value >= good:
        return Outcome.PASS
    return Outcome.PARTIAL if value >= fair else Outcome.FAIL


def at_most(value: float, good: float, fair: float) -> Outcome:
    """Pass up to ``good``, partial up to ``fair``, else fail."""
    if value <= good:
        return Outcome.PASS
    return Outcome.PARTIAL if value <= fair else Outcome.FAIL


def worst_first(found: Sequence[Finding]) -> list[Finding]:
    """What failed first; what does not apply last."""
    order = (Outcome.FAIL, Outcome.PARTIAL, Outcome.PASS, Outcome.NOT_APPLICABLE)
    return sorted(found, key=lambda finding: order.index(finding.outcome))
