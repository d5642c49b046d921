"""A command that a script started in the background, where SIGINT is ignored, ends when told to."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: What a script says: begin it in the background, tell its number, and end as it ends.
SCRIPT = '"$@" & echo $! >&2; wait $!'
DAYS = ("--from", "2025-10-21", "--to", "2025-10-25")
BACKFILL = ("backfill", *DAYS, "--select", "+nbac_player_boxscores,nbac_injury_report", "--only")
#: Bytes that fit into a pipe nobody reads.
ROOM = 4096


@dataclass(frozen=True)
class Background:
    """A command in the background of a script.

    Attributes:
        shell: Runs the script.
        pid: Of the command.
    """

    shell: subprocess.Popen[str]
    pid: int

    def tell(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def ended(self) -> tuple[int, str]:
        """Its exit code, and what it said on standard error."""
        _, said = self.shell.communicate(timeout=30)
        return self.shell.returncode, said

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for somebody to read its answer."""
        waiting = array.array("i", [0])
        assert self.shell.stdout
        fcntl.ioctl(self.shell.stdout, termios.FIONREAD, waiting)
        return waiting[0] >= ROOM


Start = Callable[..., Background]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, terminal_in: Any) -> Any:
    return terminal_in(tmp_path_factory.mktemp("told"), NBA_FIRST_DAY="2025-10-21")


@pytest.fixture
def start(terminal: Any) -> Iterator[Start]:
    """Starts a command; what is still there after the test is killed."""
    begun: list[Background] = []

    def started(*words: str) -> Background:
        command = Path(sys.executable).with_name("nba-pipeline")
        shell = subprocess.Popen(
            ["sh", "-c", SCRIPT, "sh", str(command), *words],
            env=terminal.environment,
            cwd=terminal.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pipesize=ROOM,
        )
        assert shell.stderr
        begun.append(Background(shell, int(shell.stderr.readline())))
        return begun[-1]

    yield started
    for each in begun:
        if each.shell.poll() is None:
            each.tell(signal.SIGKILL)
            each.shell.communicate()


def test_in_the_middle_of_its_work_it_leaves_nothing_half_done(terminal: Any, start: Start) -> None:
    command = start(*BACKFILL)
    assert command.shell.stderr
    command.shell.stderr.readline()  # a table is done
    command.tell(signal.SIGTERM)
    code, said = command.ended()
    assert (code, "Traceback" in said) in {(1, False), (130, False)}, said
    assert list(terminal.folder.rglob("*.tmp")) == []
    again = terminal(*BACKFILL)
    assert again.code == 0, again.err


def test_when_its_work_is_done_it_ends_too_and_a_ctrl_c_in_front_is_not_meant_for_it(
    start: Start,
) -> None:
    command = start(*BACKFILL, "--json")
    # It has passed through all of Dagster by then, and neither computes nor writes any more.
    while not command.is_stuck:
        assert command.shell.poll() is None
        time.sleep(0.05)
    command.tell(signal.SIGINT)
    time.sleep(0.3)
    assert command.shell.poll() is None, "SIGINT is for what runs in front"
    command.tell(signal.SIGTERM)
    code, said = command.ended()
    assert (code, "Traceback" in said) == (130, False), said
