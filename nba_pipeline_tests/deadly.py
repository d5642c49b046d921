"""Calls that are the end of a worker process, where it can import them."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from nba_pipeline.engine.windows import Cells, Columns


def own_pid() -> int:
    """Harmless."""
    return os.getpid()


def die(deaths: str, at_most: int) -> int:
    """Dies, unless so many have died before; gives how many did."""
    for number in range(at_most):
        try:
            Path(deaths, str(number)).touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    return at_most


def die_half_way_through_the_answer(deaths: str) -> bytes:
    """Answers with a megabyte; the first to do so dies when half of it is written."""

    def send_half(pipe: Connection, answer: bytes) -> None:
        os.write(pipe.fileno(), answer[: len(answer) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    if not list(Path(deaths).iterdir()):
        Path(deaths, "0").touch()
        Connection._send = send_half  # type: ignore[attr-defined]
    return b"x" * 2**20


def sleep_long(told: str) -> None:
    """Tells who it is, and does not come back."""
    Path(told).write_text(str(os.getpid()))
    time.sleep(600)


def die_with_others(cells: Cells) -> Columns:
    """A chunk of several cells takes its worker with it, whichever they are."""
    if len(cells) > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"n": cells["n"]}


def die_twice(cells: Cells) -> Columns:
    """Takes two workers with it."""
    die(cells["deaths"][0], 2)
    return {"n": cells["n"]}


def die_always(cells: Cells) -> Columns:
    """Whoever gets the cell 1 dies of it."""
    if 1 in cells["n"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"n": cells["n"]}
