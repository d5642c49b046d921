"""Every environment variable that anything here reads.

Each is declared beside the code that it changes; here they are gathered, for the documentation and
for the test that nothing reads one that nobody declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nba_pipeline import settings
from nba_pipeline.alerting import webhook
from nba_pipeline.engine import breakers, machine
from nba_pipeline.engine.table import SWITCHES, WORKERS
from nba_pipeline.engine.variables import Variable
from nba_pipeline.sources.live.endpoints import FILE_DROPS
from nba_pipeline.sources.live.hosts import HOSTS, PROXY
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.bigquery import settings as bigquery
from nba_pipeline.warehouse.opening import WAREHOUSE

_ROWS = {setting.name: setting for table in REGISTRY.values() for setting in table.settings}
_WORKERS = {
    variable.name: variable for table in REGISTRY.values() for variable in (table.fan_out.variable,)
}

#: By what they are about.
VARIABLES: Mapping[str, Sequence[Variable]] = {
    "Where things are": (
        WAREHOUSE,
        settings.WAREHOUSE_DIR,
        settings.ARCHIVE_DIR,
        settings.LANDING_ROOT,
        settings.DAGSTER_HOME,
        settings.EVENT_BATCH_SIZE,
    ),
    "Which days": (settings.FIRST_DAY, settings.RECENT_DAYS, settings.OLDEST_DAYS),
    "What rows say": tuple(_ROWS.values()),
    "Executors and workers": (
        settings.EXECUTOR,
        settings.DASK_ADDRESS,
        settings.MEMORY_MB,
        machine.MOST_CPUS,
        *SWITCHES.values(),
        WORKERS,
        *_WORKERS.values(),
    ),
    "Circuit breakers": breakers.VARIABLES,
    "Live sources": (
        PROXY,
        *(drop.setting for drop in FILE_DROPS.values()),
        *(variable for host in HOSTS.values() for variable in host.variables),
    ),
    "Alerts": webhook.VARIABLES,
    "BigQuery": (*bigquery.VARIABLES, settings.LOGS_BUCKET),
}
