"""What a person sees of a materialization: numbers, cause, who is missing, a picture."""

from __future__ import annotations

import base64
import importlib.util
import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa

from nba_pipeline.engine.columns import engine_column
from nba_pipeline.engine.protocols import Outcome
from nba_pipeline.engine.session import Partition
from nba_pipeline.engine.table import Table

if TYPE_CHECKING:
    from PIL import ImageFont

# Long lists belong in the warehouse, not in an event.
_MOST_OUTCOMES = 25
_MOST_BARS = 24
# Pixels of a picture: its width, where bars begin, the title's height, a bar's.
_WIDTH, _LEFT, _TOP, _ROW = 640, 180, 30, 18


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with types, units and meanings."""
    declared = {column.name: column for column in table.columns}
    columns = []
    for entry in table.schema:
        column = declared.get(entry.name)
        text = column.description if column else engine_column(entry.name)
        unit = f" [{column.unit}]" if column and column.unit else ""
        columns.append(
            dg.TableColumn(
                entry.name,
                str(entry.type),
                description=f"{text}{unit}".strip() or None,
                constraints=dg.TableColumnConstraints(
                    nullable=entry.nullable, unique=table.key == (entry.name,)
                ),
            )
        )
    return dg.TableSchema(columns=columns)


def of_partition(partition: Partition) -> dict[str, Any]:
    """The metadata of one partition's materialization; whole numbers are plotted by the UI."""
    described: dict[str, Any] = {
        "rows": partition.rows,
        "computed": partition.computed,
        "reused": partition.reused,
        "rejected": partition.rejected,
        "failed": partition.failed,
        "gone": partition.gone,
        "cause": partition.cause,
        "seconds": round(sum(partition.seconds.values()), 4),
        "dagster/partition_row_count": partition.rows,
    }
    if partition.skip_reason:
        described["skip_reason"] = partition.skip_reason
    if partition.seconds:
        described["seconds_by_phase"] = dg.MetadataValue.json(
            {phase: round(seconds, 4) for phase, seconds in partition.seconds.items()}
        )
    if partition.outcomes:
        described["without_rows"] = dg.MetadataValue.md(_outcomes(partition.outcomes))
    return described


def _outcomes(outcomes: Sequence[Outcome]) -> str:
    lines = ["| who | category | why |", "|---|---|---|"]
    lines += [
        f"| {outcome.entity} | {outcome.category} | {outcome.reason} |"
        for outcome in outcomes[:_MOST_OUTCOMES]
    ]
    if len(outcomes) > _MOST_OUTCOMES:
        lines.append(f"| … and {len(outcomes) - _MOST_OUTCOMES} more | | |")
    return "\n".join(lines)


def pictures(table: Table, partition: Partition, rows: pa.Table) -> Mapping[str, Any]:
    """Small plots: what was written and, where there were several, how long each chunk took."""
    made: dict[str, Any] = {}
    if table.plot and rows.num_rows:
        label, value = table.plot
        named = zip(rows[value].to_pylist(), rows[label].to_pylist(), strict=True)
        pairs = sorted(
            ((number, str(name)) for number, name in named if number is not None),
            key=lambda pair: (-pair[0], pair[1]),
        )
        shown = pairs[:_MOST_BARS]
        title = f"{value.replace('_', ' ')} on {partition.date}"
        if len(pairs) > len(shown):
            title += f": the top {len(shown)} of {len(pairs)}"
        made["plot"] = _bars([name for _, name in shown], [number for number, _ in shown], title)
    if len(partition.chunk_seconds) > 1:
        milliseconds = [1000 * seconds for seconds in partition.chunk_seconds]
        names = [str(number) for number in range(1, len(milliseconds) + 1)]
        made["time_per_chunk"] = _bars(names, milliseconds, "milliseconds per chunk")
    return made


def _bars(names: Sequence[str], values: Sequence[float], title: str) -> dg.MarkdownMetadataValue:
    """Horizontal bars, drawn by hand: a plotting library takes eight times as long."""
    from PIL import Image, ImageDraw

    height, ink, font = _TOP + _ROW * len(values), "#202020", _font(12)
    image = Image.new("RGB", (_WIDTH, height), "white")
    draw = ImageDraw.Draw(image)
    draw.text((8, _TOP / 2), title, ink, _font(13), anchor="lm")
    longest = max(values, default=0.0)
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        top = _TOP + _ROW * at
        share = max(value, 0.0) / longest if longest > 0 else 0.0
        end = _LEFT + 1 + round((_WIDTH - _LEFT - 60) * share)
        draw.text((_LEFT - 8, top + _ROW / 2), name, ink, font, anchor="rm")
        draw.rectangle((_LEFT, top + 2, end, top + _ROW - 3), "#1d428a")
        draw.text((end + 6, top + _ROW / 2), f"{value:.4g}", ink, font, anchor="lm")
    file = io.BytesIO()
    # An event keeps it for good: sixteen colours need a fraction of the bytes.
    image.quantize(16).save(file, format="png", optimize=True)
    encoded = base64.b64encode(file.getvalue()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{encoded})")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """A font with every letter of every player's name, from matplotlib's files alone."""
    from PIL import ImageFont

    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib, whose font pictures are written in")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / "DejaVuSans.ttf"), size)
