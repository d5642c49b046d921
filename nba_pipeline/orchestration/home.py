"""Dagster's folder for runs of the terminal. Says what is in it; imports nothing of Dagster's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nba_pipeline.engine.errors import ConfigurationError

#: Settings of an instance that reports to nobody and asks for no newsletter.
QUIET = """\
telemetry:
  enabled: false
nux:
  enabled: false
"""
#: Settings of an instance made here: also its event log is this program's.
SETTLED = f"""\
{QUIET}event_log_storage:
  module: nba_pipeline.orchestration.event_log
  class: EventLog
  config:
    base_dir:
      env: DAGSTER_HOME
"""


def prepare_home(home: Path) -> None:
    """Point Dagster at its folder; one made here reports to nobody and asks for no newsletter.

    Args:
        home: The folder, which is made where it is missing.

    Raises:
        ConfigurationError: When it cannot be used.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(home):
            if not any(home.iterdir()):
                (home / "dagster.yaml").write_text(SETTLED)
    except OSError as error:
        raise ConfigurationError(f"DAGSTER_HOME {home} cannot be used: {error.strerror}") from error
    os.environ["DAGSTER_HOME"] = str(home.resolve())


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Lets one process at a time go on: two that first open a folder would both make its tables.

    Args:
        home: The folder, which must be there; nothing is put into it.
    """
    descriptor = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
