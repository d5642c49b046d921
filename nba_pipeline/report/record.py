"""How far each system could be trusted: its grades of the evening, and of the weeks before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from nba_pipeline.domain.grading import GRADED, PUSH
from nba_pipeline.report.sentences import TITLES

Row = Mapping[str, Any]

#: Into how many equal parts claims are cut, by the chance they state.
PARTS = 5


@dataclass(frozen=True)
class Score:
    """What some graded claims were worth.

    Attributes:
        n: Graded claims.
        mae: Mean absolute error in points.
        bias: Mean of predicted less actual, in points.
        lined_mae: Mean absolute error of those with a line; None without one.
        line_mae: That of the line itself on the same claims.
        won: Sides that won.
        lost: Sides that lost.
        coverage: Share of results inside the interval.
    """

    n: int
    mae: float
    bias: float
    lined_mae: float | None
    line_mae: float | None
    won: int
    lost: int
    coverage: float


@dataclass(frozen=True)
class System:
    """A system with its scores; None where nothing of it has been graded."""

    title: str
    tonight: Score | None
    earlier: Score | None


@dataclass(frozen=True)
class Part:
    """Stated chances of going over the line beside how often points did."""

    n: int
    stated: float
    happened: float


def systems(tonight: Sequence[Row], earlier: Sequence[Row]) -> Iterable[System]:
    """Every system that was ever graded, in the order they are shown.

    Args:
        tonight: Rows of ``prediction_accuracy`` of the evening.
        earlier: Those of the weeks before it.
    """
    found = {row["system_id"] for row in (*tonight, *earlier)}
    for name in sorted(found, key=lambda name: ([*TITLES, name].index(name), name)):
        scores = (
            score(row for row in rows if row["system_id"] == name) for rows in (tonight, earlier)
        )
        yield System(TITLES.get(name, name), *scores)


def score(rows: Iterable[Row]) -> Score | None:
    """The score of those rows that are graded; None of none."""
    graded = [row for row in rows if row["outcome"] in (GRADED, PUSH)]
    if not graded:
        return None
    lined = [row for row in graded if row["line_value"] is not None]
    sides = [row["prediction_correct"] for row in graded]
    return Score(
        n=len(graded),
        mae=fmean(abs(row["signed_error"]) for row in graded),
        bias=fmean(row["signed_error"] for row in graded),
        lined_mae=fmean(abs(row["signed_error"]) for row in lined) if lined else None,
        line_mae=(
            fmean(abs(row["line_value"] - row["actual_points"]) for row in lined) if lined else None
        ),
        won=sides.count(True),
        lost=sides.count(False),
        coverage=fmean(row["within_interval"] for row in graded),
    )


def reliability(rows: Iterable[Row], system_id: str) -> Iterable[Part]:
    """A system's chances from the lowest fifth to the highest; pushes are neither over nor under.

    A chance is pulled far towards the base rate, so steps of equal width would be two in all.
    """
    told = sorted(
        (row["over_probability"], row["actual_points"] > row["line_value"])
        for row in rows
        if row["system_id"] == system_id
        and row["outcome"] == GRADED
        and row["over_probability"] is not None
    )
    ends = [len(told) * part // PARTS for part in range(PARTS + 1)]
    for start, stop in pairwise(ends):
        if part := told[start:stop]:
            yield Part(len(part), fmean(c for c, _ in part), fmean(over for _, over in part))
