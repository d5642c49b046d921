"""The one place where sensors, schedules and checks learn which day it is."""

from datetime import UTC, date, datetime

from nba_pipeline.domain.calendar import nba_day


def today() -> date:
    """The NBA day it is now."""
    return nba_day(datetime.now(UTC))
