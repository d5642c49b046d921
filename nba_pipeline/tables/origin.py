"""Where a raw row comes from, and since when it could be known: the columns every raw table has."""

from __future__ import annotations

import numpy as np

from nba_pipeline.engine.columns import KNOWN_AT, Column
from nba_pipeline.engine.windows import Array, Columns, Rows

#: Columns that every feed has, as the end of a list of columns.
FEED_COLUMNS = " known_at data_source"

COLUMNS = (
    *KNOWN_AT,
    Column("data_source", str, "publisher that was believed; NULL of season files", in_hash=False),
)


def told(rows: Rows, estimated: Array) -> Columns:
    """The columns of some rows of a feed.

    Args:
        rows: With ``FEED_COLUMNS``.
        estimated: Since when each could be known, by the rules, where its source does not say.
    """
    by_rule = np.isnat(rows["known_at"])
    return {
        "known_at": np.where(by_rule, estimated, rows["known_at"]),
        "known_at_is_estimated": by_rule,
        "data_source": rows["data_source"],
    }
