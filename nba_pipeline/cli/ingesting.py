"""``ingest``: fetching from live sources into the landing zone, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline import settings
from nba_pipeline.cli.opening import open_instance
from nba_pipeline.cli.options import AsJson, DateOption, day_of
from nba_pipeline.cli.printing import err, out, print_json
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.sources.live.workflows import WORKFLOWS

WorkflowOption = Annotated[
    list[str] | None,
    typer.Option(
        "--workflow",
        metavar="NAME",
        help=f"One of {', '.join(WORKFLOWS)}; may be repeated. Else all whose keys are set.",
    ),
]
LandingOption = Annotated[
    str, typer.Option(metavar="ROOT", help="Folder or gs://bucket/prefix; else NBA_LANDING_ROOT.")
]

_COUNTS = ("fetched", "unchanged", "nothing", "failed")


def ingest(
    date_: DateOption,
    workflow: WorkflowOption = None,
    landing: LandingOption = "",
    as_json: AsJson = False,
) -> None:
    """Fetch what live sources publish of an NBA day; nothing that landed before is overwritten."""
    day = day_of(date_, "--date")
    chosen, left_out = _chosen(workflow or [])
    root = settings.ingest_root(os.environ, landing)

    from nba_pipeline.orchestration import workflows
    from nba_pipeline.orchestration.build import build_definitions

    with open_instance() as instance:
        run_ids, reports = workflows.ingest(chosen, day, build_definitions(), instance, root)
    succeeded = all(report["succeeded"] for report in reports)
    if as_json:
        print_json(
            {
                "date": day,
                "landing": root,
                "run_ids": run_ids,
                "workflows": reports,
                "left_out": left_out,
                "succeeded": succeeded,
            }
        )
    else:
        _print(reports, left_out, root)
    raise typer.Exit(0 if succeeded else 1)


def _chosen(named: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The workflows to run, and why each other one is not.

    Raises:
        ConfigurationError: When one is named that there is not.
    """
    for name in named:
        if name not in WORKFLOWS:
            raise ConfigurationError(
                f"there is no workflow {name}: choose from {', '.join(WORKFLOWS)}"
            )
    if named:
        return list(dict.fromkeys(named)), {}
    missing = {name: flow.missing_settings(os.environ) for name, flow in WORKFLOWS.items()}
    left_out = {
        name: f"{' and '.join(settings_)} not set"
        for name, settings_ in missing.items()
        if settings_
    }
    return [name for name in WORKFLOWS if name not in left_out], left_out


def _print(reports: Iterable[Mapping[str, Any]], left_out: Mapping[str, str], root: str) -> None:
    grid = Grid("workflow", "source", *_COUNTS, "seconds", "says", box=SIMPLE_HEAD)
    for column in grid.columns[2:-1]:
        column.justify, column.no_wrap = "right", True
    fetched = 0
    for report in reports:
        for number, member in enumerate(report["members"]):
            fetched += member["fetched"]
            grid.add_row(
                "" if number else report["workflow"],
                member["member"],
                *(str(member[name]) for name in _COUNTS),
                f"{member['seconds']:.1f}",
                "; ".join(member["notes"]),
            )
    out.print(grid)
    for report in reports:
        for member in report["members"]:
            for sentence in member["problems"]:
                label = "Error" if member["is_critical"] else "Warning"
                style = "red" if member["is_critical"] else "yellow"
                err.print(f"{label}: {sentence}", style=style, soft_wrap=True, highlight=False)
    for name, reason in left_out.items():
        out.print(f"{name} left out: {reason}", highlight=False)
    landed = f"{fetched} new" if fetched else "Nothing new"
    out.print(f"{landed} in {root}", soft_wrap=True, highlight=False)
