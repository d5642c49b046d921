"""``demo``, ``bench`` and ``likeness``: something to look at, its time, and how real it is."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
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
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.session import Mode

# Of the demo's last evening: what was known of a player before it, his line, and what he did.
_FORM_AND_LINE = (
    "select player_full_name, opponent_team_abbr, points_avg_last_5, points_avg_season, "
    "fatigue_score, points_line, points from nba_precompute.player_daily_cache "
    "join nba_precompute.player_composite_factors using (game_date, player_lookup) "
    "join nba_analytics.player_game_summary using (game_date, player_lookup) "
    "where points_line is not null order by game_date desc, points_line desc limit 10"
)
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
    scenario: Annotated[
        str,
        typer.Option(
            help="backfill: from nothing and again unchanged, without and with Dagster. "
            "rescrapes: a week scraped again night after night, and what of it was skipped."
        ),
    ] = "backfill",
    as_json: AsJson = False,
) -> None:
    """Measure a scenario in folders of its own."""
    from nba_pipeline import benchmark, rescrapes
    from nba_pipeline.orchestration.resources import SourceResource

    if scenario not in _SCENARIOS:
        raise ConfigurationError(
            f"there is no scenario {scenario}: choose one of {', '.join(_SCENARIOS)}"
        )
    days = days_between(from_, to)
    folder = str(Path(archive).resolve()) if archive else ""
    source = SourceResource(archive=folder).open()
    if scenario == "rescrapes":
        _say_what_was_skipped(rescrapes.measure(source, days, executor), as_json)
        return
    figures = benchmark.measure(folder, source, days, executor)
    if as_json:
        print_json(figures)
        return
    grid = Grid("figure", "value", box=SIMPLE_HEAD)
    for name, value in figures.items():
        grid.add_row(name, str(value))
    out.print(grid)


def likeness(
    from_: FromOption, to: ToOption, archive: ArchiveOption = "", as_json: AsJson = False
) -> None:
    """Hold the simulated league against as many days of a real season, figure by figure."""
    from nba_pipeline.orchestration.resources import SourceResource
    from nba_pipeline.sources.simulated import SimulatedLeague
    from nba_pipeline.sources.simulated.likeness import measured

    days, league = days_between(from_, to), SimulatedLeague()
    first_day = league.calendar().seasons[0].first_day
    folder = str(Path(archive).resolve()) if archive else ""
    real = measured(SourceResource(archive=folder).open(), days)
    simulated = measured(league, [first_day + (day - days[0]) for day in days])
    if as_json:
        print_json({"real": real, "simulated": simulated})
        return
    grid = Grid("figure", "real", "simulated", "difference", box=SIMPLE_HEAD)
    for name, value in simulated.items():
        known = real.get(name)
        apart = f"{100 * (value / known - 1):+.1f} %" if known else ""
        grid.add_row(name, "" if known is None else f"{known:.3f}", f"{value:.3f}", apart)
    out.print(grid)


_SCENARIOS = ("backfill", "rescrapes")


def _say_what_was_skipped(figures: dict[str, Any], as_json: bool) -> None:
    """One line per night, then one per layer."""
    if as_json:
        print_json(figures)
        return
    for title, lines in (("night", figures["nights"]), ("layer", figures["layers"])):
        grid = Grid(title, "computed", "of", "avoided", box=SIMPLE_HEAD)
        for line in lines:
            name = f"{line['night']}: {line['found']}" if title == "night" else line["layer"]
            share = f"{line['avoided_pct']:.2f} %"
            grid.add_row(name, f"{line['computed']:,}", f"{line['entities']:,}", share)
        out.print(grid)
    out.print(f"avoided in all: {figures['all']['avoided_pct']:.2f} %", highlight=False)


def _say_where_to_look() -> None:
    names = ("NBA_WAREHOUSE_DIR", "DAGSTER_HOME")
    for name in names:
        out.print(f"export {name}={os.environ[name]}", soft_wrap=True, highlight=False)
    out.print("Then look at the graph:    dagster dev", highlight=False)
    out.print(
        f'or ask:                    nba-pipeline query "{_FORM_AND_LINE}"\n', highlight=False
    )
