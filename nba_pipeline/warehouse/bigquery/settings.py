"""Which BigQuery there is and how patient to be with it, as the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.variables import Variable

_LESS_THAN_A_DAY = 86_399

PROJECT = Variable(
    "NBA_BIGQUERY_PROJECT", "project that holds the datasets and pays", form="a project's id"
)
LOCATION = Variable(
    "NBA_BIGQUERY_LOCATION", "where the datasets are", default="US", form="a location of BigQuery"
)
DATASET_PREFIX = Variable(
    "NBA_BIGQUERY_DATASET_PREFIX",
    "put before every dataset's name, also in queries, for a warehouse apart from another",
    form="letters, digits and underscores",
)
CREDENTIALS = Variable(
    "NBA_BIGQUERY_CREDENTIALS",
    "a service account's key",
    form="base64 of the key's JSON",
    fallback="the environment's own credentials",
    is_secret=True,
)
CALL_SECONDS = Variable(
    "NBA_BIGQUERY_CALL_SECONDS",
    "longest a call may be silent before it is made again",
    default="60",
    unit="seconds",
    whole=False,
    above=0,
    maximum=_LESS_THAN_A_DAY,
)
JOB_SECONDS = Variable(
    "NBA_BIGQUERY_JOB_SECONDS",
    "longest a read, a write or a query may take with everything tried again; jobs are stopped by "
    "the server, too",
    default="600",
    unit="seconds",
    whole=False,
    above=0,
    maximum=_LESS_THAN_A_DAY,
)
MAX_BYTES = Variable(
    "NBA_BIGQUERY_MAX_BYTES",
    "most bytes one read or query may read; what would read more is refused before it runs",
    unit="bytes",
    minimum=0,
    fallback="no limit",
)
ENDPOINT = Variable(
    "NBA_BIGQUERY_ENDPOINT",
    "an emulator, which is spoken to without credentials; together with "
    "NBA_BIGQUERY_STORAGE_ENDPOINT",
    form="an address on this machine",
    fallback="Google's",
)
STORAGE_ENDPOINT = Variable(
    "NBA_BIGQUERY_STORAGE_ENDPOINT",
    "the emulator's Storage Read API",
    form="host:port on this machine",
    fallback="Google's",
)
VARIABLES = (
    PROJECT,
    LOCATION,
    DATASET_PREFIX,
    CREDENTIALS,
    CALL_SECONDS,
    JOB_SECONDS,
    MAX_BYTES,
    ENDPOINT,
    STORAGE_ENDPOINT,
)

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class BigQuerySettings:
    """Which BigQuery, and how patient to be with it.

    Attributes:
        project: Project whose datasets hold the tables, and which pays.
        location: Where the datasets are.
        dataset_prefix: Put before every dataset's name, for a warehouse apart from another.
        credentials: A service account's key as base64 JSON; empty means the environment's own.
        endpoint: Of an emulator on this machine; empty means Google's.
        storage_endpoint: Host and port of the emulator's Storage Read API.
        call_seconds: Longest a single call may take before it is given up and made again.
        job_seconds: Longest a read, a write or a query may take, with everything tried again.
        max_bytes: Largest number of bytes a query may read; None is no limit.
    """

    project: str
    location: str = LOCATION.default
    dataset_prefix: str = ""
    credentials: str = field(default="", repr=False)
    endpoint: str = ""
    storage_endpoint: str = ""
    call_seconds: float = float(CALL_SECONDS.default)
    job_seconds: float = float(JOB_SECONDS.default)
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.project:
            raise ConfigurationError(f"{PROJECT.name} names no Google Cloud project")
        for name, address in (
            (ENDPOINT.name, self.endpoint),
            (STORAGE_ENDPOINT.name, f"//{self.storage_endpoint}"),
        ):
            host = urlsplit(address).hostname
            if host and host not in _LOOPBACK:
                # It is spoken to in the clear and without credentials.
                raise ConfigurationError(f"{name}: {host} is not this machine")
        if bool(self.endpoint) != bool(self.storage_endpoint):
            raise ConfigurationError(f"{ENDPOINT.name} and {STORAGE_ENDPOINT.name} go together")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> BigQuerySettings:
        """The settings as the environment says.

        Raises:
            ConfigurationError: When a variable is missing or wrong.
        """
        return cls(
            project=PROJECT.text(environ),
            location=LOCATION.text(environ),
            dataset_prefix=DATASET_PREFIX.text(environ),
            credentials=CREDENTIALS.text(environ),
            endpoint=ENDPOINT.text(environ),
            storage_endpoint=STORAGE_ENDPOINT.text(environ),
            call_seconds=CALL_SECONDS.number(environ),
            job_seconds=JOB_SECONDS.number(environ),
            max_bytes=int(MAX_BYTES.number(environ)) if MAX_BYTES.is_set_in(environ) else None,
        )
