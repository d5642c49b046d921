"""``migrate``: from the tables that are there to those that are declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import AsJson
from nba_pipeline.cli.printing import err, out, print_json

if TYPE_CHECKING:
    from nba_pipeline.warehouse.bigquery import BigQueryWarehouse
    from nba_pipeline.warehouse.bigquery.migrations import Step


def migrate(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be done; changes nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the warehouse's tables to what is declared, forward only; no row is lost.

    Left with 1 where something remains that no statement cures in place.
    """
    from nba_pipeline.warehouse.bigquery import BigQueryWarehouse as InBigQuery

    warehouse = open_warehouse()
    if not isinstance(warehouse, InBigQuery):
        _say_nothing_to_do(as_json)
        return
    planned = _migrated(warehouse, dry_run=dry_run, quiet=as_json)
    stuck = [step for step in planned if not step.is_possible]
    if as_json:
        told = [
            {
                "table": step.table,
                "statement": step.statement,
                "sentence": step.sentence,
                "done": step.is_possible and not dry_run,
            }
            for step in planned
        ]
        print_json({"steps": told})
    for step in stuck:
        err.print(f"Error: {step.sentence}", style="red", soft_wrap=True, highlight=False)
    raise typer.Exit(1 if stuck else 0)


def _migrated(warehouse: BigQueryWarehouse, *, dry_run: bool, quiet: bool) -> Sequence[Step]:
    from nba_pipeline.warehouse.bigquery.migrations import steps

    planned = []
    for step in steps(warehouse):
        planned.append(step)
        if not quiet and step.is_possible:
            out.print(f"{step.statement};  -- {step.sentence}", soft_wrap=True, highlight=False)
        if not dry_run:
            step.carry_out(warehouse)
    if not quiet:
        verb = "to do" if dry_run else "done"
        count = sum(1 for step in planned if step.is_possible)
        out.print(f"{count} steps {verb}" if count else "nothing to migrate", highlight=False)
    return planned


def _say_nothing_to_do(as_json: bool) -> None:
    if as_json:
        print_json({"steps": []})
        return
    out.print(
        "Nothing to migrate: the local warehouse keeps each partition in a file of its own, a "
        "column that came later is read as NULL, and the next run of a date writes it.",
        soft_wrap=True,
    )
