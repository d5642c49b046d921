"""The asset graph, drawn: a box for each table, each below everything it reads.

An SVG that stands in the page itself, so that its boxes are links and its colours follow the
page's. An edge that follows from others is left out: where a table reads both another and what that
one reads, one line shows the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nba_pipeline.engine.table import Table
from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.markdown import codes, grid
from nba_pipeline_docs.tables import layers

_HEAD = """\
# The asset graph

Who reads whom, from the raw tables at the top to the grades at the bottom. Every box is a table and
a link to its page. A line that follows from others is not drawn; the list below has every one.

"""

# Pixels: a box, the gaps between boxes, and how many stand in a row.
_WIDTH, _HEIGHT, _GAP, _DROP, _MOST = 220, 30, 12, 34, 3


@dataclass(frozen=True)
class _Box:
    table: Table
    x: float
    y: float


def page() -> str:
    """The page."""
    reads = {name: _upstream(table) for name, table in REGISTRY.items()}
    legend = " ".join(f'<span class="layer {layer}">{layer}</span>' for layer in layers())
    rows = (
        [f"[`{name}`](tables/{name}.md)", codes(sorted(upstream)) or "feeds only"]
        for name, upstream in reads.items()
    )
    return "\n".join(
        [
            _HEAD,
            f'<p class="legend">{legend}</p>\n',
            f'<div class="graph">{_drawn(reads)}</div>\n',
            "## Every edge\n",
            grid(("Table", "Reads"), rows),
        ]
    )


def _upstream(table: Table) -> set[str]:
    return {declared.table for declared in table.inputs.values() if not declared.is_feed}


def reduced(reads: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The edges without those that follow from others."""
    above: dict[str, set[str]] = {}
    for name, upstream in reads.items():
        above[name] = upstream.union(*(above[each] for each in upstream))
    return {
        name: {each for each in upstream if not any(each in above[other] for other in upstream)}
        for name, upstream in reads.items()
    }


def _drawn(reads: Mapping[str, set[str]]) -> str:
    edges = reduced(reads)
    boxes = _placed(edges)
    width = _MOST * (_WIDTH + _GAP) - _GAP
    height = max(box.y for box in boxes.values()) + _HEIGHT
    lines = [
        _line(boxes[each], boxes[name])
        for name, upstream in edges.items()
        for each in sorted(upstream)
    ]
    return (
        f'<svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" role="img" '
        f'aria-label="The asset graph">{"".join(lines)}{"".join(map(_box, boxes.values()))}</svg>'
    )


def _placed(edges: Mapping[str, set[str]]) -> dict[str, _Box]:
    """Boxes row by row, each near the middle of those it reads."""
    depths: dict[str, int] = {}
    for name, upstream in edges.items():
        depths[name] = 1 + max((depths[each] for each in upstream), default=0)
    boxes: dict[str, _Box] = {}
    top = 0.0
    for depth in sorted(set(depths.values())):
        level = [name for name in edges if depths[name] == depth]
        level.sort(key=lambda name: _middle(edges[name], boxes))
        for start in range(0, len(level), _MOST):
            row = level[start : start + _MOST]
            left = (_MOST - len(row)) * (_WIDTH + _GAP) / 2
            for place, name in enumerate(row):
                boxes[name] = _Box(REGISTRY[name], left + place * (_WIDTH + _GAP), top)
            top += _HEIGHT + _DROP
    return boxes


def _middle(upstream: set[str], boxes: Mapping[str, _Box]) -> float:
    return sum(boxes[each].x for each in upstream) / len(upstream) if upstream else 0.0


def _line(above: _Box, below: _Box) -> str:
    x, y = above.x + _WIDTH / 2, above.y + _HEIGHT
    to_x, to_y = below.x + _WIDTH / 2, below.y
    bend = (to_y - y) / 2
    return f'<path d="M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"/>'


def _box(box: _Box) -> str:
    name = box.table.name
    return (
        f'<a href="tables/{name}.html" class="{box.table.layer}"><title>{box.table.full_name}'
        f'</title><rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="{box.x + _WIDTH / 2:g}" y="{box.y + _HEIGHT / 2:g}">{name}</text></a>'
    )
