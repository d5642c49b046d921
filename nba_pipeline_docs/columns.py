"""A column in words."""

from __future__ import annotations

import math
from datetime import date, datetime

import pyarrow as pa

from nba_pipeline.engine.columns import Column, Numbers, Texts
from nba_pipeline.engine.table import Table
from nba_pipeline.tables import REGISTRY

_TYPES = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    date: "day",
    datetime: "instant, UTC",
    Texts: "list of texts",
    Numbers: "list of numbers",
}
_ARROW_TYPES = {
    pa.int64(): "whole number",
    pa.float64(): "number",
    pa.string(): "text",
    pa.bool_(): "true or false",
    pa.date32(): "day",
    pa.timestamp("us", tz="UTC"): "instant, UTC",
}


def type_of(column: Column) -> str:
    """Its type, with the decimals it is rounded to."""
    kind = _TYPES[column.type]
    return kind if column.decimals is None else f"{kind}, {column.decimals} decimals"


def stored_type(type_: pa.DataType) -> str:
    """The type of a stored column that no table declares."""
    return _ARROW_TYPES[type_]


def range_of(column: Column) -> str:
    """The values its check lets pass; empty where it has no bounds."""
    least, most = column.minimum, column.maximum
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    if least is not None:
        return f"from {least:g}"
    return "" if most is None or math.isinf(most) else f"to {most:g}"


def meaning_of(column: Column, table: Table) -> str:
    """What is declared of it; else what a table it is read from declares; else its name in words.

    The same name is the same quantity everywhere: a column that is handed on means what it meant.
    """
    if column.description:
        return column.description
    for declared in table.inputs.values():
        if not declared.is_feed and column.name in declared.columns:
            above = REGISTRY[declared.table]
            return meaning_of(above.column(column.name), above)
    return column.name.replace("_", " ")
