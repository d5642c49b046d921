"""``demo`` and ``bench``: from nothing to something to look at, and where its time goes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.options import (
    ArchiveOption,
    AsJson,
    ExecutorOption,
    FromOption,
    ToOption,
    days_between,
)
from nba_pipeline.cli.printing import out, print_json
from nba_pipeline.cli.running import bring_up_to_date, finish
from nba_pipeline.engine.session import Mode

# Four weeks: two on which the precompute tables are still empty, and two with features.
_DEMO_DAYS = 28


def demo(executor: ExecutorOption = "", as_json: AsJson = False) -> None:
    """Build four weeks of a simulated league from nothing, then say where to look."""
    from nba_pipeline.sources.simulated import SimulatedLeague

    home = settings.data_folder() / "demo"
    for name, folder in (("NBA_WAREHOUSE_DIR", "warehouse"), ("DAGSTER_HOME", "dagster")):
        os.environ[name] = os.environ.get(name) or str(home / folder)
    os.environ.pop("NBA_ARCHIVE_DIR", None)
    first_day = SimulatedLeague().calendar().seasons[0].first_day
    days = [first_day + timedelta(days=step) for step in range(_DEMO_DAYS)]
    told = bring_up_to_date(days, "", "", executor, False, False, Mode.BACKFILL)
    if not as_json:
        _say_where_to_look()
    finish(told, as_json)


def bench(
    from_: FromOption,
    to: ToOption,
    archive: ArchiveOption = "",
    executor: ExecutorOption = "serial",
    as_json: AsJson = False,
) -> None:
    """Time a backfill from nothing and again unchanged, without and with Dagster."""
    from nba_pipeline.benchmark import measure
    from nba_pipeline.orchestration.resources import SourceResource

    days = days_between(from_, to)
    folder = str(Path(archive).resolve()) if archive else ""
    figures = measure(folder, SourceResource(archive=folder).open(), days, executor)
    if as_json:
        print_json(figures)
        return
    grid = Grid("figure", "value", box=SIMPLE_HEAD)
    for name, value in figures.items():
        grid.add_row(name, str(value))
    out.print(grid)


def _say_where_to_look() -> None:
    names = ("NBA_WAREHOUSE_DIR", "DAGSTER_HOME")
    for name in names:
        out.print(f"export {name}={os.environ[name]}", soft_wrap=True, highlight=False)
    best = (
        "select player_full_name, team_abbr, count(*) games, round(avg(points), 1) points "
        "from nba_analytics.player_game_summary group by all order by points desc limit 10"
    )
    out.print("Then look at the graph:    dagster dev", highlight=False)
    out.print(f'or ask:                    nba-pipeline query "{best}"\n', highlight=False)
