"""Talking to BigQuery: settings, clients, and calls that end in time.

Every call has a limit of its own and a budget for its retries, every job one after which the server
stops it, too. Only what may pass by itself is tried again: lost connections, 429 and 5xx answers. A
query is sent again under the same job id, so it is not done twice.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from nba_pipeline.engine.errors import ConfigurationError, WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa
    from google.api_core.retry import Retry
    from google.auth.credentials import Credentials
    from google.cloud import bigquery
    from google.cloud.bigquery_storage_v1 import BigQueryReadClient

Answer = TypeVar("Answer")

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
        call_seconds: Longest a single call may take.
        job_seconds: Longest a job may run, and longest a call is tried again.
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


class Connection:
    """BigQuery's two clients, opened when first needed."""

    def __init__(self, settings: BigQuerySettings) -> None:
        """Use ``settings``; nothing is opened yet."""
        self.settings = settings
        self._client: bigquery.Client | None = None
        self._reader: BigQueryReadClient | None = None

    @property
    def client(self) -> bigquery.Client:
        """The client for jobs and tables."""
        if self._client is None:
            from google.cloud import bigquery

            settings = self.settings
            self._client = bigquery.Client(
                project=settings.project,
                location=settings.location,
                credentials=self._credentials(),
                client_options={"api_endpoint": settings.endpoint} if settings.endpoint else None,
            )
        return self._client

    @property
    def reader(self) -> BigQueryReadClient:
        """The client of the Storage Read API."""
        if self._reader is None:
            from google.cloud.bigquery_storage_v1 import BigQueryReadClient

            if self.settings.storage_endpoint:
                self._reader = BigQueryReadClient(transport=_plain_transport(self.settings))
            else:
                self._reader = BigQueryReadClient(credentials=self._credentials())
        return self._reader

    def _credentials(self) -> Credentials | None:
        if self.settings.endpoint:
            from google.auth.credentials import AnonymousCredentials

            return AnonymousCredentials()
        if not self.settings.credentials:
            return None
        from google.oauth2 import service_account

        try:
            key = json.loads(base64.b64decode(self.settings.credentials, validate=True))
            found: Credentials = service_account.Credentials.from_service_account_info(key)
        except ValueError as error:
            # The error's own text may quote the key.
            raise ConfigurationError(
                "NBA_BIGQUERY_CREDENTIALS is not a service account's key in base64"
            ) from error.with_traceback(None)
        return found

    # Calls ---------------------------------------------------------------------------------------

    @property
    def retry(self) -> Retry:
        """Tries again what may pass by itself, within the budget."""
        from google.cloud.bigquery import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(self.settings.job_seconds)

    @property
    def limits(self) -> dict[str, Any]:
        """Keyword arguments of every call: its own limit, and the retries'."""
        return {"timeout": self.settings.call_seconds, "retry": self.retry}

    def again(self, call: Callable[[], Answer]) -> Answer:
        """Make a call that its client does not try again by itself."""
        answer: Answer = self.retry(call)()
        return answer

    def query(
        self, sql: str, parameters: Sequence[Any] = (), *, about: str, dry_run: bool = False
    ) -> bigquery.QueryJob:
        """Run one statement to its end.

        Args:
            sql: The statement; values come as parameters.
            parameters: BigQuery query parameters.
            about: Table the statement is for; a label of the job.
            dry_run: Only ask what it would do.
        """
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=list(parameters),
            labels=labels(about),
            dry_run=dry_run,
            use_query_cache=not dry_run,
            job_timeout_ms=int(self.settings.job_seconds * 1000),
            maximum_bytes_billed=self.settings.max_bytes,
        )
        job = self.client.query(sql, job_config=config, **self.limits)
        if not dry_run:
            job.result(timeout=self.settings.job_seconds, retry=self.retry)
        return job

    def rows(
        self, table: str, columns: Sequence[str], restriction: str, schema: pa.Schema
    ) -> pa.Table:
        """Rows of a table through the Storage Read API, in no particular order.

        Args:
            table: ``dataset.table``.
            columns: Which columns.
            restriction: Which rows, in SQL over dates and our own names only.
            schema: The columns' types.
        """
        import pyarrow as pa
        from google.cloud.bigquery_storage_v1 import types

        dataset, name = table.split(".")
        project, limit = self.settings.project, self.settings.call_seconds
        session = self.reader.create_read_session(
            parent=f"projects/{project}",
            max_stream_count=1,
            timeout=limit,
            read_session=types.ReadSession(
                table=f"projects/{project}/datasets/{dataset}/tables/{name}",
                data_format=types.DataFormat.ARROW,
                read_options=types.ReadSession.TableReadOptions(
                    selected_fields=list(columns), row_restriction=restriction
                ),
            ),
        )
        wire = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
        batches = [
            pa.ipc.read_record_batch(
                pa.py_buffer(message.arrow_record_batch.serialized_record_batch), wire
            )
            for stream in session.streams
            for message in self.reader.read_rows(stream.name, timeout=self.settings.job_seconds)
        ]
        wanted = pa.schema([schema.field(column) for column in columns])
        if not batches:
            return wanted.empty_table()
        found = pa.Table.from_batches(batches, wire).select(list(columns))
        return pa.table([found[entry.name].cast(entry.type) for entry in wanted], schema=wanted)


def _plain_transport(settings: BigQuerySettings) -> Any:
    import grpc
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
        BigQueryReadGrpcTransport,
    )

    channel = grpc.insecure_channel(
        settings.storage_endpoint, options=[("grpc.max_receive_message_length", -1)]
    )
    return BigQueryReadGrpcTransport(channel=channel)


def labels(about: str) -> dict[str, str]:
    """Labels of a job, by which its cost is found again."""
    return {"app": "nba-pipeline", "table": about.lower().replace(".", "-")[:63]}


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Say in one sentence what BigQuery could not do.

    Args:
        what: For example ``cannot write nba_raw.nbac_schedule of 2021-11-15``.

    Raises:
        WarehouseError: For any error of the service, the connection or a limit.
    """
    from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except GoogleAPICallError as error:
        status = f"{error.code} " if error.code else ""
        first_line = str(error.message).splitlines()[0] if error.message else type(error).__name__
        raise WarehouseError(f"{what}: BigQuery says {status}{first_line}") from error
    except (
        GoogleAPIError,
        GoogleAuthError,
        RequestException,
        TimeoutError,
        ConnectionError,
    ) as error:
        raise WarehouseError(f"{what}: {type(error).__name__} talking to BigQuery") from error
