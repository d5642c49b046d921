"""Jobs: which tables are brought up to date together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from nba_pipeline.engine.table import Table
from nba_pipeline.orchestration.assets import key_of
from nba_pipeline.orchestration.checks import SOUND, UP_TO_DATE
from nba_pipeline.orchestration.nights import NIGHT

#: Every table, for one NBA day or a range of days in one run. The browser launches what is selected
#: in the graph with the job that comes first in the alphabet. Its own, ``__ASSET_JOB``, follows
#: windows downstream: four days of raw tables become a hundred of those that read a season of them.
#: Of a job it launches exactly the chosen days, so this one's name begins before an underscore.
NBA_DAYS = "NBA_days"
POST_GAME, FEATURES, CORRECTIONS = "post_game_analytics", "nightly_features", "correction_sweep"

_SUMMARY_LAYERS = ("raw", "reference", "analytics")
_FEATURE_LAYERS = (*_SUMMARY_LAYERS, "precompute")
_FEATURE_STORE = "ml_feature_store_v2"


def jobs_for(
    tables: Mapping[str, Table], pages: Sequence[dg.AssetKey] = ()
) -> list[dg.UnresolvedAssetJobDefinition]:
    """The jobs; a new table finds its place in them by its layer.

    Args:
        tables: Every table by its bare name.
        pages: What is made of them for people.
    """
    every = list(tables.values())
    summaries = [table for table in every if table.layer in _SUMMARY_LAYERS]
    features = [
        table for table in every if table.layer in _FEATURE_LAYERS or table.name == _FEATURE_STORE
    ]
    return [
        _job(
            NBA_DAYS,
            every,
            "Bring every table up to date for the chosen NBA days, and the page of each.",
            pages=pages,
        ),
        _job(POST_GAME, summaries, "What was played: raw tables and the summaries of games."),
        _job(FEATURES, features, "What is known before tip-off: everything up to the features."),
        _job(
            CORRECTIONS,
            every,
            "Every table over recent days, with a look at which partitions are out of date.",
            checks=(SOUND, UP_TO_DATE),
            pages=pages,
        ),
    ]


def _job(
    name: str,
    tables: Iterable[Table],
    description: str,
    checks: Iterable[str] = (SOUND,),
    pages: Sequence[dg.AssetKey] = (),
) -> dg.UnresolvedAssetJobDefinition:
    keys = [key_of(table) for table in tables]
    wanted = [dg.AssetCheckKey(key, check) for key in keys for check in checks]
    wanted += [dg.AssetCheckKey(page, NIGHT) for page in pages]
    chosen = dg.AssetSelection.assets(*keys, *pages).without_checks()
    selection = chosen | dg.AssetSelection.checks(*wanted)
    return dg.define_asset_job(name, selection=selection, description=description)
