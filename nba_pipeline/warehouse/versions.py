"""What is known about a stored partition, as the text that is kept with its rows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from nba_pipeline.engine.protocols import Outcome, Stored


def to_json(about: Stored, stored_rows: int) -> str:
    """The text to keep.

    Args:
        about: What is known; whether the rows are whole is found out by whoever reads them.
        stored_rows: Rows kept, revisions included, so it may be more than a reader is handed.
    """
    known: dict[str, Any] = {
        **vars(about),
        "outcomes": [vars(outcome) for outcome in about.outcomes],
        "computed_at": about.computed_at.isoformat() if about.computed_at else None,
        "stored_rows": stored_rows,
    }
    del known["intact"], known["damage"], known["mark"]
    return json.dumps(known)


def from_json(text: str, stored_rows: int | None = None, mark: str = "") -> Stored:
    """What a kept text says.

    Args:
        text: As ``to_json`` made it.
        stored_rows: Rows that are really there, where somebody counted them.
        mark: The mark of what is stored.
    """
    known = json.loads(text)
    recorded = known.pop("stored_rows")
    outcomes = tuple(Outcome(**outcome) for outcome in known.pop("outcomes"))
    computed_at = known.pop("computed_at", None)
    return Stored(
        **known,
        outcomes=outcomes,
        computed_at=datetime.fromisoformat(computed_at) if computed_at else None,
        intact=stored_rows in (None, recorded),
        mark=mark,
    )
