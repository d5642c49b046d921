"""One page for each table, and one that lists them all."""

from __future__ import annotations

from collections.abc import Iterator

from nba_pipeline.engine.columns import Column, engine_column
from nba_pipeline.engine.declared_inputs import Input
from nba_pipeline.engine.table import Table
from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.columns import meaning_of, range_of, stored_type, type_of
from nba_pipeline_docs.markdown import code, codes, grid, plain, prose

INDEX = "tables/index.md"

_HEAD = """\
# Tables

Every table of the graph, in the order data flows. A partition is one NBA day, US Eastern;
`game_date` is part of every row. [The asset graph](../graph.md) shows who reads whom.

"""
_ORDER = "nav:\n  - index.md\n"


def pages() -> dict[str, str]:
    """The list, the order of the navigation, and a page for each table."""
    order = _ORDER + "".join(
        f"  - {layer}:\n" + "".join(f"      - {table.name}.md\n" for table in of_layer(layer))
        for layer in layers()
    )
    return {
        INDEX: _list(),
        "tables/.nav.yml": order,
        **{f"tables/{table.name}.md": _page(table) for table in REGISTRY.values()},
    }


def layers() -> list[str]:
    """The layers, in the order data flows."""
    return list(dict.fromkeys(table.layer for table in REGISTRY.values()))


def of_layer(layer: str) -> list[Table]:
    """The tables of a layer, in the order data flows."""
    return [table for table in REGISTRY.values() if table.layer == layer]


def readers_of(table: Table) -> list[str]:
    """The tables that read a table."""
    return [
        other.name
        for other in REGISTRY.values()
        if any(not each.is_feed and each.table == table.name for each in other.inputs.values())
    ]


def _list() -> str:
    parts = [_HEAD]
    for layer in layers():
        rows = (
            [
                f"[`{table.name}`]({table.name}.md)",
                prose(table.description).split("\n\n")[0],
                f"per {' and '.join(table.key)}",
                str(len(table.columns)),
                str(table.version),
            ]
            for table in of_layer(layer)
        )
        parts.append(f"## {layer}\n")
        parts.append(grid(("Table", "What it holds", "A row", "Columns", "Version"), rows))
    return "\n".join(parts)


def _page(table: Table) -> str:
    return "\n".join(
        [
            f"# {table.name}\n",
            prose(table.description) + "\n",
            "## Facts\n",
            grid(("", ""), _facts(table)),
            "## Inputs\n",
            "Of each: the table, the days, the columns that equal the cell's own, and the columns "
            "handed to compute. A change in any other column is no change to this table.\n",
            grid(
                ("Name", "Reads", "Columns"),
                (_input(name, declared) for name, declared in table.inputs.items()),
            ),
            *_gates(table),
            *_checks(table),
            "## Columns\n",
            "Required columns are never NULL. A column in the hash is part of the row's "
            "`data_hash`: a change in it reaches every reader.\n",
            grid(
                ("Column", "Type", "Unit", "Meaning", "Range", "In hash"),
                (_column(column, table) for column in table.columns),
            ),
            "## Columns of the engine\n",
            "Written beside every row and part of no hash.\n",
            grid(("Column", "Type", "Meaning"), _engine_columns(table)),
        ]
    )


def _facts(table: Table) -> Iterator[tuple[str, str]]:
    yield "In SQL", code(table.full_name)
    yield "Version", str(table.version)
    yield "Key of a row", codes(("game_date", *table.key))
    yield "Computed per", codes(("game_date", *table.entity))
    yield "Fanned out over", f"{table.fan_out.unit}s"
    variable = table.fan_out.variable
    yield "Workers", f"{code(variable.name)}, {variable.default} where it is not set"
    yield "Plain loop", f"{code(table.fan_out.switch.name + '=false')}"
    if table.fan_out.together:
        yield "Kept in one chunk", f"equal {codes(table.fan_out.together)}"
    if table.bootstrap_days:
        yield "No rows", f"on the season's first {table.bootstrap_days} days"
    if table.settings:
        links = (f"[`{setting.name}`](../environment.md)" for setting in table.settings)
        yield "Settings that change rows", ", ".join(links)
    if table.reviewed:
        yield "Reviewed lists that change rows", codes(table.reviewed)
    if table.keeps_revisions:
        yield "Revisions", f"every one is kept, in {code(table.full_name + '_revisions')}"
    if table.clustering:
        yield "Clustered in BigQuery by", codes(table.clustering)
    readers = readers_of(table)
    yield "Read by", ", ".join(f"[`{name}`]({name}.md)" for name in readers) or "nothing"


def _input(name: str, declared: Input) -> tuple[str, str, str]:
    """One input: whom it reads, which days and which rows; then the columns."""
    where = (
        f"feed [`{declared.table}`](../feeds.md#{declared.table})"
        if declared.is_feed
        else f"[`{declared.table}`]({declared.table}.md)"
    )
    days = declared.window.describe()
    if declared.window.earlier_seasons:
        days += ", in any season"
    if declared.known_by:
        days += f"; known by {code(declared.known_by)}"
    same = codes(theirs if theirs == ours else f"{theirs} = {ours}" for theirs, ours in declared.on)
    return code(name), f"{where}<br>{days}<br>{same or 'every row'}", codes(declared.columns)


def _gates(table: Table) -> list[str]:
    rows = ([code(gate.category), plain(gate.reason)] for gate in table.gates)
    listed = grid(("Category", "Sentence"), rows)
    head = "Looked at in this order before anything is computed; the first that holds counts.\n"
    return ["## Who has no row\n", head, listed] if listed else []


def _checks(table: Table) -> list[str]:
    rows = ([check.name, codes(check.reads) or "–"] for check in table.checks)
    listed = grid(("Promise", "Also reads"), rows)
    head = "Beside unique keys, required columns, ranges and hashes that still hold.\n"
    return ["## Promises its check holds it to\n", head, listed] if listed else []


def _column(column: Column, table: Table) -> tuple[str, ...]:
    return (
        code(column.name),
        type_of(column) + ("" if column.nullable else ", required"),
        plain(column.unit),
        plain(meaning_of(column, table)),
        range_of(column),
        "yes" if column.in_hash else "",
    )


def _engine_columns(table: Table) -> Iterator[tuple[str, str, str]]:
    declared = {column.name for column in table.columns}
    for entry in table.schema:
        if entry.name not in declared:
            yield code(entry.name), stored_type(entry.type), plain(engine_column(entry.name))
