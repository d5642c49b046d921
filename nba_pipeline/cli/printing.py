"""Standard output for results, standard error for progress and errors."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal
from typing import Any

from rich.console import Console

# What is printed is text as it is: play-by-play is full of [brackets] and :colons:. Into a pipe or
# a file there is no width to fit: let a line be as long as it is.
out = Console(width=None if sys.stdout.isatty() else 10_000, markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)


def print_json(answer: dict[str, Any]) -> None:
    """One JSON object and nothing else."""
    sys.stdout.write(json.dumps(_plain(answer), allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    """A value in the types JSON has; what is no number there is null, everything else text."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
