"""``query``: SQL over the warehouse."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from nba_pipeline.cli.opening import open_warehouse
from nba_pipeline.cli.options import AsJson
from nba_pipeline.cli.printing import out, print_json


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; tables are named dataset.table.")],
    as_json: AsJson = False,
) -> None:
    """Ask the warehouse in SQL. Nothing can be changed this way."""
    answer = open_warehouse().query(sql)
    # Two columns may have one name, which a row as a dictionary would lose.
    rows = list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    if as_json:
        print_json({"columns": answer.column_names, "rows": rows})
        return
    grid = Grid(*answer.column_names, box=SIMPLE_HEAD)
    for row in rows:
        grid.add_row(*("" if value is None else str(value) for value in row))
    out.print(grid)
