"""A cluster of two dask workers in processes of their own, one of which is lost on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nba_pipeline.engine import distributed
from nba_pipeline.engine.distributed import Cluster
from nba_pipeline.engine.errors import ConfigurationError, WorkersError, is_transient
from nba_pipeline.engine.fanout import Pools, fan_out
from nba_pipeline_tests.slow_numbers import cells_of, slowly, table_of

pytest.importorskip("distributed", reason="dask.distributed is not installed")

CHECKOUT = Path(__file__).resolve().parents[3]
#: After how long without any worker dask gives up what is to be computed.
NO_WORKERS = "DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT"


def _start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), NO_WORKERS: "1s"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address, and its two workers, which nobody starts again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = ("--no-dashboard",)
    started = [_start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), *quiet)]
    worker = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", *quiet)
    started += [_start("dask_worker", address, *worker) for _ in range(2)]
    try:
        _wait_for_two(address)
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _wait_for_two(address: str) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)


@pytest.fixture
def on_cluster(cluster: Any) -> Iterator[Any]:
    """Computes cells in chunks of two on the cluster."""
    pools = Pools("dask", address=cluster[0])

    def compute(what: Any, count: int, **options: Any) -> Any:
        table = table_of(what)
        workers = pools.workers(table, 2, serial=False)
        return fan_out(table, cells_of(count), workers, chunk_cells=2, **options)

    yield compute
    pools.close()


def test_results_come_back_in_order_from_both_workers(on_cluster):
    found = on_cluster(slowly, 24)
    assert found.broken == []
    assert np.concatenate([piece["n"] for piece in found.columns]).tolist() == [*range(0, 48, 2)]
    assert len({pid for piece in found.columns for pid in piece["pid"].tolist()}) == 2


def test_a_lost_worker_costs_a_repetition_and_no_cell(cluster, on_cluster):
    _, workers = cluster

    def lose_one(done: int, _: int) -> None:
        if done == 8 and workers[0].poll() is None:
            workers[0].send_signal(signal.SIGKILL)

    found = on_cluster(slowly, 40, progress=lose_one)
    assert workers[0].wait(10)
    assert np.concatenate([piece["n"] for piece in found.columns]).tolist() == [*range(0, 80, 2)]
    assert found.broken == []


def test_where_every_worker_is_lost_the_table_stops_and_the_next_looks_for_others(
    cluster, on_cluster
):
    _, workers = cluster

    def lose_all(*_: int) -> None:
        for worker in workers:
            worker.kill()

    with pytest.raises(WorkersError, match="no worker was left to compute numbers") as told:
        on_cluster(slowly, 24, progress=lose_all)
    assert is_transient(told.value)
    with pytest.raises(ConfigurationError, match=r"^tcp://127.0.0.1:\d+ has no worker$"):
        on_cluster(slowly, 2)


def test_an_address_where_nobody_answers_gets_one_sentence(monkeypatch):
    monkeypatch.setattr(distributed, "_CONNECT_SECONDS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    pools = Pools("dask", address=address)
    with pytest.raises(ConfigurationError, match=f"no dask scheduler answers at {address}"):
        pools.workers(table_of(slowly), 2, serial=False)


def _listening() -> set[tuple[str, int]]:
    """Where this process and those it started listen."""
    psutil = pytest.importorskip("psutil", reason="psutil is not installed")
    this = psutil.Process()
    return {
        tuple(connection.laddr)
        for process in (this, *this.children(recursive=True))
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_cluster_of_a_run_listens_on_this_machine_only() -> None:
    before = _listening()
    cluster = Cluster("", 1)
    try:
        opened = {address for address, _ in _listening() - before}
    finally:
        cluster.close()
    assert opened == {"127.0.0.1"}
