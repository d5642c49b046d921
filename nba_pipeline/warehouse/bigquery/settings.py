"""Which BigQuery there is and how patient to be with it, as the environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nba_pipeline.engine.errors import ConfigurationError

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
    location: str = "US"
    dataset_prefix: str = ""
    credentials: str = field(default="", repr=False)
    endpoint: str = ""
    storage_endpoint: str = ""
    call_seconds: float = 60.0
    job_seconds: float = 600.0
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.project:
            raise ConfigurationError("NBA_BIGQUERY_PROJECT names no Google Cloud project")
        for name, address in (
            ("NBA_BIGQUERY_ENDPOINT", self.endpoint),
            ("NBA_BIGQUERY_STORAGE_ENDPOINT", f"//{self.storage_endpoint}"),
        ):
            host = urlsplit(address).hostname
            if host and host not in _LOOPBACK:
                # It is spoken to in the clear and without credentials.
                raise ConfigurationError(f"{name}: {host} is not this machine")
        if bool(self.endpoint) != bool(self.storage_endpoint):
            raise ConfigurationError(
                "NBA_BIGQUERY_ENDPOINT and NBA_BIGQUERY_STORAGE_ENDPOINT go together"
            )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> BigQuerySettings:
        """The settings as the environment says.

        Raises:
            ConfigurationError: When a variable is missing or wrong.
        """
        return cls(
            project=environ.get("NBA_BIGQUERY_PROJECT", ""),
            location=environ.get("NBA_BIGQUERY_LOCATION", "") or cls.location,
            dataset_prefix=environ.get("NBA_BIGQUERY_DATASET_PREFIX", ""),
            credentials=environ.get("NBA_BIGQUERY_CREDENTIALS", ""),
            endpoint=environ.get("NBA_BIGQUERY_ENDPOINT", ""),
            storage_endpoint=environ.get("NBA_BIGQUERY_STORAGE_ENDPOINT", ""),
            call_seconds=_seconds(environ, "NBA_BIGQUERY_CALL_SECONDS", cls.call_seconds),
            job_seconds=_seconds(environ, "NBA_BIGQUERY_JOB_SECONDS", cls.job_seconds),
            max_bytes=_bytes(environ, "NBA_BIGQUERY_MAX_BYTES"),
        )


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86_400:
        raise ConfigurationError(f"{name}={text} is not a number of seconds")
    return seconds


def _bytes(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name, "").strip()
    if text and not (text.isascii() and text.isdigit()):
        raise ConfigurationError(f"{name}={text} is not a number of bytes")
    return int(text) if text else None
