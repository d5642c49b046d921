"""Four simulated weeks held against the real season, figure by figure."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from nba_pipeline.sources.archive import Archive
from nba_pipeline.sources.simulated import SimulatedLeague
from nba_pipeline.sources.simulated.likeness import MEASURES, measured

FIRST_EVENING, FIRST_REAL_EVENING = date(2025, 10, 21), date(2021, 10, 19)
FIRST_EVENING_WITH_PROPS = date(2024, 10, 22)
NAMES = [measure.name for measure in MEASURES]
# Percent apart. Of a share or a mean a little; more where four weeks of 208 games leave a lot to
# chance: tails, margins, the market.
ORDINARY, LOOSE = 10.0, 25.0
LEFT_TO_CHANCE = {"home team's margin, mean", "games with overtime, share"}
HARD_TO_TELL = {
    "spread's move from opening to closing, mean",
    "closing spread, deviation",
    "closing total, mean absolute error",
    "points line, mean absolute error",
    "points over the line, share",
    "best average of a player, points",
    "points of a player, 50% quantile",
    "minutes of a player, 25% quantile",
    "minutes of a player, 50% quantile",
    "usage of a player, 10% quantile",
}


@pytest.fixture(scope="module")
def simulated() -> dict[str, float]:
    return measured(SimulatedLeague(), [FIRST_EVENING + timedelta(days=at) for at in range(28)])


@pytest.fixture(scope="module")
def real(season_files: Path) -> dict[str, float]:
    """The regular season of 2021-22; the points lines are those of the autumn of 2024."""
    archive = Archive(season_files)
    lines = measured(archive, [FIRST_EVENING_WITH_PROPS + timedelta(days=at) for at in range(55)])
    season = measured(archive, [FIRST_REAL_EVENING + timedelta(days=at) for at in range(174)])
    return lines | season


def test_every_figure_can_be_measured(simulated: dict[str, float]) -> None:
    assert list(simulated) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LEFT_TO_CHANCE])
def test_a_figure_is_close_to_the_real_one(
    simulated: dict[str, float], real: dict[str, float], name: str
) -> None:
    percent = LOOSE if name in HARD_TO_TELL else ORDINARY
    assert simulated[name] == pytest.approx(real[name], rel=percent / 100)


def test_playing_at_home_helps_a_little(simulated: dict[str, float]) -> None:
    assert -1 < simulated["home team's margin, mean"] < 5
    assert 0.5 < simulated["games won at home, share"] < 0.65
