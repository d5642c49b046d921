"""``demo`` and ``likeness``: something to look at, and how real it is."""

from __future__ import annotations

import os
import shlex
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import (
    ArchiveOption,
    AsJson,
    ExecutorOption,
    FromOption,
    ToOption,
    days_between,
)
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.cli.running import bring_up_to_date, report
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.session import Mode

_PREDICTED = (
    "select player_lookup, opponent_team_abbr, points_avg_last_5, points_avg_season, "
    "line_value, predicted_points, recommendation, actual_points, prediction_correct "
    "from nba_predictions.prediction_accuracy "
    "join nba_precompute.player_daily_cache using (game_date, player_lookup) "
    "where system_id = 'ensemble_v1' and line_value is not null "
    "order by game_date desc, predicted_points desc limit 10"
)
# Four weeks: two on which the precompute tables are still empty, and two with features.
_DEMO_DAYS = 28
_TWO_WEEKS = timedelta(days=13)


def demo(
    days: Annotated[int, typer.Option(help="How many days of the season are built.")] = _DEMO_DAYS,
    executor: ExecutorOption = "",
    as_json: AsJson = False,
) -> None:
    """Publish four weeks of a simulated league, build every table of them, say where to look."""
    from nba_pipeline.sources.landing import LandingZone
    from nba_pipeline.sources.simulated import SimulatedLeague
    from nba_pipeline.sources.simulated.publishing import publish

    if days < 1:
        raise ConfigurationError("--days takes a number of days, 1 or more")
    home = settings.data_folder() / "demo"
    for name, folder in (("NBA_WAREHOUSE_DIR", "warehouse"), ("DAGSTER_HOME", "dagster")):
        os.environ[name] = os.environ.get(name) or str(home / folder)
    # What is invented may only ever land beside what is invented.
    os.environ["NBA_LANDING_ROOT"] = str(Path(os.environ["NBA_WAREHOUSE_DIR"]).parent / "landing")
    os.environ["NBA_WAREHOUSE"] = "local"
    league = SimulatedLeague()
    first_day = league.calendar().seasons[0].first_day
    wanted = [first_day + timedelta(days=step) for step in range(days)]
    landed = publish(league, wanted, LandingZone(os.environ["NBA_LANDING_ROOT"]))
    err.print(f"landing zone: {landed:,} new payloads of {days} simulated days", highlight=False)
    told = bring_up_to_date(wanted, "", "", executor, False, False, Mode.BACKFILL)
    report(told, as_json)
    if told.succeeded and not as_json:
        _say_where_to_look(wanted[-1])
    raise typer.Exit(0 if told.succeeded else 1)


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


def _say_where_to_look(last_day: date) -> None:
    """The last screen: commands that work as they are printed, in this order or any other."""
    player = _asked_about_most(last_day)
    asked = f"--date {last_day} --player {player}" if player else f"--date {last_day}"
    told = (
        ("These are yours to look into; first tell the programs where they are:", _exports()),
        (
            "The graph, its runs and checks, in a browser:",
            ["dagster dev -m nba_pipeline.definitions"],
        ),
        (
            "Of the last evening: what was known of a player, what was predicted, what he did:",
            [f'nba-pipeline query "{_PREDICTED}"'],
        ),
        (
            "Why the features he is predicted by were computed, and from what:",
            [f"nba-pipeline explain ml_feature_store_v2 {asked}"],
        ),
        (
            "What the predictions of two weeks were worth, beside the lines:",
            [f"nba-pipeline backtest --from {last_day - _TWO_WEEKS} --to {last_day}"],
        ),
    )
    for what, commands in told:
        out.print(f"\n{what}", highlight=False)
        for command in commands:
            out.print(f"  {command}", soft_wrap=True, highlight=False)


def _exports() -> list[str]:
    names = ("NBA_LANDING_ROOT", "NBA_WAREHOUSE", "NBA_WAREHOUSE_DIR", "DAGSTER_HOME")
    return [f"export {name}={shlex.quote(os.environ[name])}" for name in names]


def _asked_about_most(day: date) -> str:
    """The player of a day with the highest predicted points; nobody where nothing is predicted."""
    from nba_pipeline.tables import REGISTRY

    rows = open_warehouse().read(
        REGISTRY["player_prop_predictions"], [day], ["player_lookup", "predicted_points"]
    )
    best = rows.sort_by([("predicted_points", "descending"), ("player_lookup", "ascending")])
    return str(best["player_lookup"][0]) if best.num_rows else ""
