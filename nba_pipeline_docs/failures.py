"""Why an entity has no row, and why a partition has none."""

from __future__ import annotations

import inspect
import re

from nba_pipeline.engine.table import FailureCategory
from nba_pipeline.report.sentences import EMPTY_REASONS
from nba_pipeline.tables import REGISTRY
from nba_pipeline_docs.markdown import code, grid, plain

_HEAD = """\
# Failures and kinds of nothing

Why an entity has no row, or an incomplete one, and why a partition is empty. An entity is never
dropped silently: it has a row, or a category and a sentence in
[`nba_processing`](processing.md). [Circuit breakers](../explanation/breakers.md) tells what is not
tried for a while, and why that decides nothing.

## Categories

"""
_GATES = """\
## Rules that turn entities away

Each is looked at before anything is computed, in this order; the first that holds is the entity's
outcome. It is kept with the partition and counts as unchanged while its inputs are.

"""
_EMPTY = """\
## Why a partition has no rows

A date without rows is a complete, empty partition with a `skip_reason`. The
[kinds of nothing](../explanation/nothing.md) are never mixed up.

"""


def page() -> str:
    """The page."""
    categories = ([code(name), plain(text)] for name, text in _meanings().items())
    gates = (
        [code(table.name), code(gate.category), plain(gate.reason)]
        for table in REGISTRY.values()
        for gate in table.gates
    )
    reasons = (
        [code(reason), kind.value, plain(words)] for reason, (kind, words) in EMPTY_REASONS.items()
    )
    return "\n".join(
        [
            _HEAD,
            grid(("Category", "Meaning"), categories),
            _GATES,
            grid(("Table", "Category", "Sentence"), gates),
            _EMPTY,
            grid(("skip_reason", "Kind", "Meaning"), reasons),
        ]
    )


def _meanings() -> dict[str, str]:
    """What each category means, by the comment that stands over it in the code."""
    found = re.findall(r"#: (.+)\n\s+(\w+) = ", inspect.getsource(FailureCategory))
    return {FailureCategory[name].value: text for text, name in found}
