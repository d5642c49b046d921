"""Calls to BigQuery that end in time, are tried again, and never do a thing twice.

A read, a write or a query is an operation: all its calls share one limit. What may pass by itself
(lost connections, silence, 429 and 5xx answers, another statement's lock) is tried again until
then. A job has an id before it is sent, so one whose answer was lost is found again, not repeated.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from nba_pipeline.engine.errors import WarehouseError, WarehouseUnavailableError
from nba_pipeline.warehouse.bigquery.connection import Connection

if TYPE_CHECKING:
    from google.cloud import bigquery

Answer = TypeVar("Answer")

#: For ``retry=``: the clients' own retries know nothing of the operation's limit.
ONCE: Any = None

_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_POLL = 0.2, 10.0, 2.0
_PASSING_REASONS = frozenset(
    {
        "backendError",
        "badGateway",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "rateLimitExceeded",
    }
)
# What BigQuery says of a statement that lost against another one on the same rows.
_LOST_RACE = "due to concurrent update"


class Calls:
    """The calls of one operation, all within its limit."""

    def __init__(self, connection: Connection) -> None:
        """Begin now; the limit is the connection's."""
        self.client, self.settings = connection.client, connection.settings
        self._connection = connection
        self._until = time.monotonic() + self.settings.job_seconds

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return self._until - time.monotonic()

    def call(self, request: Callable[[float], Answer]) -> Answer:
        """Make a request, and make it again where what went wrong may pass by itself.

        Args:
            request: Makes it within the seconds it is given; safe to be made twice.
        """
        from google.api_core.retry import Retry

        again = Retry(
            predicate=may_pass,
            initial=_FIRST_PAUSE,
            maximum=_LONGEST_PAUSE,
            timeout=max(self.left, 0.0),
        )
        answer: Answer = again(lambda: request(self._seconds()))()
        return answer

    def _seconds(self) -> float:
        """How long the next call may take."""
        left = self.left
        if left <= 0:
            raise TimeoutError(f"no answer within {self.settings.job_seconds:g} seconds")
        return min(self.settings.call_seconds, left)

    # Jobs ----------------------------------------------------------------------------------------

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

        def begin(job_id: str, seconds: float) -> bigquery.QueryJob:
            config = bigquery.QueryJobConfig(
                query_parameters=list(parameters),
                labels=labels(about),
                dry_run=dry_run,
                use_query_cache=not dry_run,
                job_timeout_ms=self._milliseconds(),
                maximum_bytes_billed=self.settings.max_bytes,
            )
            return self.client.query(
                sql, config, job_id=job_id, timeout=seconds, retry=ONCE, job_retry=None
            )

        if dry_run:
            return self.call(lambda seconds: begin(uuid.uuid4().hex, seconds))
        job: bigquery.QueryJob = self._job(begin)
        return job

    def load(
        self, rows: pa.Table, target: str, schema: Sequence[Any], disposition: str, *, about: str
    ) -> int | None:
        """Load rows into a table; returns how many were.

        Args:
            rows: What to load.
            target: ``project.dataset.table``.
            schema: The columns as BigQuery declares them.
            disposition: ``WRITE_TRUNCATE`` or ``WRITE_APPEND``.
            about: Table the rows are of; a label of the job.
        """
        from google.cloud import bigquery

        lists = bigquery.ParquetOptions()
        lists.enable_list_inference = True
        content = io.BytesIO()
        pq.write_table(rows, content)

        def begin(job_id: str, seconds: float) -> bigquery.LoadJob:
            config = bigquery.LoadJobConfig(
                source_format="PARQUET",
                write_disposition=disposition,
                schema=list(schema),
                labels=labels(about),
                job_timeout_ms=self._milliseconds(),
            )
            config.parquet_options = lists
            return self.client.load_table_from_file(
                content,
                target,
                rewind=True,
                job_config=config,
                job_id=job_id,
                timeout=seconds,
                # Its own retries know nothing of our limit.
                num_retries=0,
            )

        loaded: int | None = self._job(begin).output_rows
        return loaded

    def asked(self, sql: str, *, about: str) -> pa.Table:
        """The answer to a query."""
        job = self.query(sql, about=about)
        return self.call(
            lambda seconds: job.result(timeout=seconds, retry=ONCE).to_arrow(
                create_bqstorage_client=False
            )
        )

    def copy(self, source: str, target: str, *, about: str) -> None:
        """Copy a table, which must not be there yet; both are ``project.dataset.table``."""
        from google.cloud import bigquery

        def begin(job_id: str, seconds: float) -> bigquery.CopyJob:
            config = bigquery.CopyJobConfig(
                write_disposition="WRITE_EMPTY",
                labels=labels(about),
                job_timeout_ms=self._milliseconds(),
            )
            return self.client.copy_table(
                source, target, job_id=job_id, job_config=config, retry=ONCE, timeout=seconds
            )

        self._job(begin)

    def _milliseconds(self) -> int:
        """After how long the server should stop a job, too."""
        return max(1, int(self.left * 1000))

    def _job(self, begin: Callable[[str, float], Any]) -> Any:
        """Begin a job and see it to its end, by an id under which it is begun once only."""
        from google.api_core.exceptions import Conflict

        sent = ""

        def attempt(seconds: float) -> Any:
            nonlocal sent
            job = self._found(sent, seconds) if sent else None
            if job is None:
                sent = sent or uuid.uuid4().hex
                try:
                    job = begin(sent, seconds)
                except Conflict:
                    job = self._found(sent, seconds)
                    if job is None:
                        raise ConnectionError("a job that was begun is not shown yet") from None
            self._wait_for(job)
            if job.error_result:
                # A job that failed has done nothing: another attempt is another job.
                sent = ""
                raise job.exception(timeout=self._seconds())
            return job

        return self.call(attempt)

    def _found(self, job_id: str, seconds: float) -> Any:
        """The job of that id, or None."""
        from google.api_core.exceptions import NotFound

        try:
            return self.client.get_job(
                job_id, location=self.settings.location, retry=ONCE, timeout=seconds
            )
        except NotFound:
            return None

    def _wait_for(self, job: Any) -> None:
        pause = _FIRST_PAUSE
        while not job.done(retry=ONCE, timeout=self._seconds()):
            time.sleep(min(pause, max(self.left, 0.0)))
            pause = min(2 * pause, _LONGEST_POLL)

    # Rows ----------------------------------------------------------------------------------------

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
        # A broken stream is read anew from a new snapshot, so what comes is of one moment.
        found = self.call(lambda seconds: self._read(table, columns, restriction, seconds))
        wanted = pa.schema([schema.field(column) for column in columns])
        if found is None:
            return wanted.empty_table()
        try:
            columns_read = [found[entry.name].cast(entry.type) for entry in wanted]
        except pa.ArrowInvalid as error:
            raise WarehouseError(f"{table} holds other types than declared: {error}") from error
        return pa.table(columns_read, schema=wanted)

    def _read(
        self, table: str, columns: Sequence[str], restriction: str, seconds: float
    ) -> pa.Table | None:
        from google.cloud.bigquery_storage_v1 import types

        dataset, name = table.split(".")
        project, reader = self.settings.project, self._connection.reader
        session = reader.create_read_session(
            parent=f"projects/{project}",
            max_stream_count=1,
            retry=ONCE,
            timeout=seconds,
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
            for message in reader.read_rows(
                read_stream=stream.name, retry=ONCE, timeout=max(self.left, 0.0)
            )
        ]
        return pa.Table.from_batches(batches, wire) if batches else None


def labels(about: str) -> dict[str, str]:
    """Labels of a job or a table, by which its cost is found again."""
    return {"app": "nba-pipeline", "table": about.lower().replace(".", "-")[:63]}


def may_pass(error: BaseException) -> bool:
    """Whether an error of a call may pass by itself."""
    from google.api_core import exceptions
    from google.auth.exceptions import TransportError
    from requests import exceptions as http

    if isinstance(error, exceptions.GoogleAPICallError):
        if isinstance(error, exceptions.MethodNotImplemented | exceptions.DataLoss):
            return False
        if isinstance(error, exceptions.ServerError | exceptions.TooManyRequests):
            return True
        details = [each for each in error.errors if isinstance(each, Mapping)]
        reasons = {each.get("reason") for each in details}
        return bool(reasons & _PASSING_REASONS) or _LOST_RACE in str(error.message)
    if isinstance(error, http.SSLError):
        return False
    passing = (
        ConnectionError,
        TransportError,
        http.ConnectionError,
        http.Timeout,
        http.ChunkedEncodingError,
    )
    return isinstance(error, passing)


@contextmanager
def operation(connection: Connection, what: str) -> Iterator[Calls]:
    """The calls of one operation; what BigQuery could not do is said in one sentence.

    Args:
        connection: Whom to call.
        what: For example ``cannot write nba_raw.nbac_schedule of 2021-11-15``.

    Raises:
        WarehouseUnavailableError: When the limit has passed and it may work later.
        WarehouseError: For any other error of the service or the connection.
    """
    from google.api_core.exceptions import GoogleAPIError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield Calls(connection)
    except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
        if isinstance(error, WarehouseError):
            raise
        cause = error.cause if isinstance(error, RetryError) and error.cause else error
        seconds = connection.settings.job_seconds
        if may_pass(cause) or isinstance(cause, TimeoutError | RetryError):
            raise WarehouseUnavailableError(
                f"{what} within {seconds:g} seconds: {_said(cause)}"
            ) from error
        raise WarehouseError(f"{what}: {_said(cause)}") from error


def _said(error: BaseException) -> str:
    from google.api_core.exceptions import GoogleAPICallError

    if not isinstance(error, GoogleAPICallError):
        return f"{type(error).__name__} talking to BigQuery"
    status = f"{int(error.code)} " if error.code else ""
    lines = str(error.message).splitlines()
    return f"BigQuery says {status}{lines[0] if lines else type(error).__name__}"
