"""A BigQuery emulator in a process of its own, and the environment that points us at it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

#: The project that the emulator knows.
PROJECT = "test-project"

_SERVER = Path(__file__).with_name("server.py")


@contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """A running emulator; yields the variables that make BigQuery there the warehouse.

    Raises:
        RuntimeError: When it does not start.
    """
    words = ["start", "--rest-port", "0", "--grpc-port", "0", "--project", PROJECT]
    with subprocess.Popen(
        [sys.executable, str(_SERVER), *words, "--log-format", "json"],
        # Formats it would download an extension for; we load Parquet alone.
        env={**os.environ, "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        told: queue.Queue[tuple[str, int]] = queue.Queue()
        threading.Thread(target=_listen, args=(process.stdout, told), daemon=True).start()
        try:
            ports = dict(told.get(timeout=120) for _ in range(2))
            if "ended" in ports:
                raise RuntimeError("the BigQuery emulator ended while it started")
            yield {
                "NBA_WAREHOUSE": "bigquery",
                "NBA_BIGQUERY_PROJECT": PROJECT,
                "NBA_BIGQUERY_ENDPOINT": f"http://127.0.0.1:{ports['rest.listen']}",
                "NBA_BIGQUERY_STORAGE_ENDPOINT": f"127.0.0.1:{ports['grpc.listen']}",
            }
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _listen(output: IO[str], told: queue.Queue[tuple[str, int]]) -> None:
    """Read everything it says, for a full pipe would stop it, and tell its ports."""
    for line in output:
        if '"rest.listen"' in line or '"grpc.listen"' in line:
            said = json.loads(line)
            told.put((said["event"], said["port"]))
    told.put(("ended", 0))
