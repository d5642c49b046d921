"""A system that fails costs its own answers and nobody else's."""

from __future__ import annotations

import numpy as np
import pytest

from nba_pipeline.tables.predictions.systems import SYSTEMS, moving_average, zone_matchup
from nba_pipeline.tables.predictions.systems.asking import MOST_FAILURES, ask
from nba_pipeline.tables.predictions.systems.ensemble import SYSTEM as ENSEMBLE
from nba_pipeline.tables.predictions.systems.slate import System

PLAYERS = 12


def breaking(system: System, *seasons: float) -> System:
    """The system, raising on players whose season average is among those given."""

    def predict(slate, so_far):
        if np.isin(slate["points_avg_season"], seasons).any():
            raise ZeroDivisionError("no such defence")
        return system.predict(slate, so_far)

    return System(system.id, system.family, predict, system.edge, system.least_confidence)


@pytest.fixture
def slate(slate_of):
    return slate_of(*({"points_avg_season": float(n)} for n in range(PLAYERS)))


def test_everybody_else_still_gets_the_system_s_answer(slate):
    whole = ask([zone_matchup.SYSTEM], slate).forecasts["zone_matchup_v1"].points
    asked = ask([breaking(zone_matchup.SYSTEM, 3.0)], slate)
    points = asked.forecasts["zone_matchup_v1"].points
    assert np.isnan(points).nonzero()[0].tolist() == [3]
    assert np.delete(points, 3).tolist() == np.delete(whole, 3).tolist()


def test_the_failure_says_who_and_why(slate):
    asked = ask([breaking(zone_matchup.SYSTEM, 3.0)], slate)
    assert asked.broken == {
        ("zone_matchup_v1", 3): "zone_matchup_v1: ZeroDivisionError: no such defence"
    }


def test_the_ensemble_does_without_a_system_that_failed(slate):
    systems = [moving_average.SYSTEM, breaking(zone_matchup.SYSTEM, 3.0), SYSTEMS[3], ENSEMBLE]
    told = ask(systems, slate).forecasts["ensemble_v1"]
    assert not np.isnan(told.points).any()
    assert told.details["contributing_systems"].tolist() == [2 if n == 3 else 3 for n in range(12)]


def test_a_system_that_always_fails_is_asked_only_a_few_times(slate):
    calls = []

    def predict(part, _):
        calls.append(len(part))
        raise ValueError("broken")

    system = System("always", "rule", predict, edge=1.0, least_confidence=0.5)
    asked = ask([system], slate)
    assert len(asked.broken) == PLAYERS
    assert calls.count(1) == MOST_FAILURES
    assert "always failed too often to be asked" in asked.broken.values()
