"""Computing on a dask.distributed cluster: one made for the run, or one whose address is given.

Workers need this package and nothing else: they are handed plain columns and return them. A worker
that is lost costs its chunks a repetition; one that is lost over and over with the same chunk is
taken to die of it, and the chunk is cut until the entity it dies of stands alone. A worker that is
lost as it starts is not started again; where none is left, the table stops.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nba_pipeline.engine.errors import ConfigurationError, PipelineError, WorkersError
from nba_pipeline.engine.machine import use_one_thread

if TYPE_CHECKING:
    from distributed import Client, LocalCluster, WorkerPlugin

# Times a chunk is begun anew after the worker it was with was lost.
_REPETITIONS = 2

# How long a scheduler may take to answer.
_CONNECT_SECONDS = 20

# After how long without any worker a cluster that was made for a run gives up.
_NO_WORKERS = {"distributed.scheduler.no-workers-timeout": "10s"}


class Cluster:
    """A connection to a cluster, with workers of its own where no address is given.

    Attributes:
        is_lost: Whether a chunk was given up because no worker was left.
    """

    def __init__(self, address: str, count: int) -> None:
        """Connect, and see that the workers are those of this package.

        Args:
            address: Of the scheduler, such as ``tcp://127.0.0.1:8786``; empty makes a cluster.
            count: Workers of a cluster that is made.

        Raises:
            ConfigurationError: When dask is not installed, nobody answers, there is no worker, or
                a worker has another version of what it computes with.
            WorkersError: When the workers of a cluster that is made do not start.
        """
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "the executor dask needs dask.distributed: install nba-pipeline[dask]"
            ) from error
        self.is_lost = False
        self._own: LocalCluster | None = None
        try:
            self._own = None if address else _made(count)
            self._client = Client(
                self._own or address, timeout=_CONNECT_SECONDS, set_as_default=False
            )
            if self._own is not None:
                self._client.register_plugin(_one_thread_each())
        except (OSError, RuntimeError, ValueError) as error:
            raise self._not_there(address, error) from error
        if self._own is None:
            _refuse_other_workers(self._client, address)
        # What a chunk gives depends on nothing but the chunk, but two equal ones are two.
        self._executor = self._client.get_executor(pure=False, retries=_REPETITIONS)

    def _not_there(self, address: str, error: Exception) -> PipelineError:
        if address:
            return ConfigurationError(
                f"no dask scheduler answers at {address}: {type(error).__name__}"
            )
        if self._own is not None:
            _end(self._own)
        return WorkersError(f"the workers of the cluster made for this run did not start: {error}")

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call a function of this package on a worker."""
        future: Future[Any] = self._executor.submit(function, *arguments)
        future.add_done_callback(self._look_at)
        return future

    def _look_at(self, done: Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        self.is_lost |= error is not None and wants_workers(error)

    def close(self) -> None:
        """Let the cluster go; one that was made for the run ends, with whatever is stuck in it."""
        self._executor.shutdown(wait=False)
        self._client.close(timeout=5)
        if self._own is not None:
            _end(self._own)


def wants_workers(error: BaseException) -> bool:
    """Whether a chunk was given up because there was nobody to compute it."""
    return type(error).__name__ in ("NoWorkerError", "NoValidWorkerError")


def _made(count: int) -> LocalCluster:
    """A cluster on this machine."""
    import dask
    from distributed import LocalCluster

    with dask.config.set(_NO_WORKERS):
        return LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            # Unless told, its pages listen on every interface of the machine.
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=50,
        )


def _end(made: LocalCluster) -> None:
    """Let a cluster go; one that does not answer any more ends with this process."""
    with suppress(TimeoutError):
        made.close(timeout=10)


def _one_thread_each() -> WorkerPlugin:
    """What every worker of a cluster does when it starts, also one that takes a lost one's place.

    Of a cluster that is given, threads are its owner's to choose.
    """
    from distributed import WorkerPlugin

    class OneThreadEach(WorkerPlugin):
        def setup(self, worker: Any) -> None:
            del worker
            use_one_thread()

    return OneThreadEach()


@cache
def code_digest() -> str:
    """A digest of this package's source: equal where the same code computes."""
    root, sha = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        sha.update(str(path.relative_to(root)).encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def _refuse_other_workers(client: Client, address: str) -> None:
    try:
        client.get_versions(check=True)
        digests = client.run(code_digest)
    except ValueError as error:
        what = " ".join(str(error).split())
        raise ConfigurationError(f"workers of {address} have other versions: {what}") from error
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"workers of {address} do not have this package: {error}"
        ) from error
    if not digests:
        raise ConfigurationError(f"{address} has no worker")
    for worker, digest in sorted(digests.items()):
        if digest != code_digest():
            raise ConfigurationError(
                f"worker {worker} of {address} has another version of nba-pipeline"
            )
