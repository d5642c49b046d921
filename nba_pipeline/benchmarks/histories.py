"""What predicting an evening costs: its history loaded at once or player by player, the systems."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from nba_pipeline.benchmarks.bench import Bench, Figures
from nba_pipeline.benchmarks.measuring import Spent, apart, typical
from nba_pipeline.benchmarks.working import World
from nba_pipeline.domain.learning import forget_models
from nba_pipeline.engine.fanout import fan_out, open_pools
from nba_pipeline.engine.inputs import window_dates
from nba_pipeline.engine.reading import lay_out, read_inputs
from nba_pipeline.engine.session import Session
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse

_SYSTEMS, _GAMES, _REQUESTS = "system_forecasts", "player_game_summary", "prediction_requests"
_TIMES = 3


def predictions(bench: Bench) -> Figures:
    """The newest slate: loading its history in one read or one a player, and every system."""
    day = bench.newest_day(_REQUESTS)
    bench.say(f"predicting {day}")
    folder = bench.built[0]
    (at_once, one_by_one, players), _, _ = apart(_loads, folder, day)
    systems, _, _ = apart(_systems, bench.world, folder, day)
    found, about = Figures(), {"date": day.isoformat(), "players": players}
    found.add("history in one read", at_once, **about)
    found.add("history player by player", one_by_one, **about)
    found.add("all systems, with their models", systems, **about)
    found.compare("one by one of at once", one_by_one.cpu_seconds, at_once.cpu_seconds)
    return found


def _loads(folder: Path, day: date) -> tuple[Spent, Spent, int]:
    warehouse, games = LocalWarehouse(folder, list(REGISTRY.values())), REGISTRY[_GAMES]
    requested = warehouse.read(REGISTRY[_REQUESTS], [day], ["player_lookup"])
    slate = requested["player_lookup"].unique().to_pylist()
    declared = REGISTRY[_SYSTEMS].inputs["games"]
    columns = sorted({*declared.columns, "player_lookup"})
    reach = window_dates(declared.window, [day])

    def rows_of(players: list[str]) -> pa.Table:
        rows = warehouse.read(games, reach, columns)
        return rows.filter(pc.is_in(rows["player_lookup"], pa.array(players)))

    at_once = typical(lambda: rows_of(slate), _TIMES)
    one_by_one = typical(lambda: [rows_of([player]) for player in slate], 1)
    return at_once, one_by_one, len(slate)


def _systems(world: World, folder: Path, day: date) -> Spent:
    table, source = REGISTRY[_SYSTEMS], world.open()
    warehouse = LocalWarehouse(folder, list(REGISTRY.values()))
    with open_pools() as pools:
        session = Session(warehouse, source, REGISTRY, pools, {}, "bench", datetime.now(UTC))
        cells = lay_out(table, read_inputs(table, [day], session), session).cells
        workers = pools.workers(table, 1, serial=True)
        return typical(lambda: fan_out(table, cells, workers), _TIMES, forget_models)
