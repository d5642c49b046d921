"""Whether a row may be used in production: it and everything it was computed from are complete."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nba_pipeline.engine.columns import Column
from nba_pipeline.engine.windows import Array, Columns
from nba_pipeline.tables import completeness

COLUMNS = (
    Column("all_upstreams_ready", bool, "every row it was computed from is ready", nullable=False),
    *(column for column in completeness.COLUMNS if column.name != "is_production_ready"),
    Column(
        "is_production_ready",
        bool,
        "last 10 games complete to at least 90 %, and all upstreams ready",
        nullable=False,
    ),
)


def cascade(own: Columns, upstreams: Mapping[str, Array]) -> Columns:
    """The columns of ``COLUMNS``.

    Args:
        own: Completeness of the rows themselves, as ``completeness`` gives it.
        upstreams: By name, whether each row's upstream is ready.
    """
    ready = np.all([*upstreams.values()], axis=0)
    own_ready = own["is_production_ready"]
    found = {"own_data_incomplete": ~own_ready} | {
        f"upstream_{name}_incomplete": ~flags for name, flags in upstreams.items()
    }
    return {
        **own,
        "all_upstreams_ready": ready,
        "is_production_ready": own_ready & ready,
        "processing_decision_reason": completeness.decided(own_ready & ready),
        "data_quality_issues": with_issues(own["data_quality_issues"], found),
    }


def with_issues(issues: Array, found: Mapping[str, Array]) -> Array:
    """Lists of issues with more at their ends.

    Args:
        issues: A list per row.
        found: For each further issue a mask of the rows that have it.
    """
    longer = issues.copy()
    for name, rows in found.items():
        for at in np.flatnonzero(rows).tolist():
            longer[at] = [*longer[at], name]
    return longer
