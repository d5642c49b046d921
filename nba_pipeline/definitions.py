"""The code location Dagster loads. Everything is built in ``orchestration``."""

from nba_pipeline.orchestration.build import build_definitions

defs = build_definitions()
