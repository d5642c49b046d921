"""``demo``: from a landing zone to the last table, and commands that work as they are printed.

A shorter one is part of the tutorial, which a test follows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_WITHOUT_NETWORK = ("unshare", "-rn")


def _can_take_the_network_away() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_WITHOUT_NETWORK, "true"], check=False, capture_output=True)
    return tried.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _can_take_the_network_away(), reason="needs unshare for no network")
def test_four_weeks_without_a_network_and_every_command_printed_at_the_end_works(
    tmp_path: Path,
) -> None:
    bin_folder = Path(sys.executable).parent
    environment = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }

    def run(command: str) -> str:
        words = [*_WITHOUT_NETWORK, "sh", "-ec", command]
        done = subprocess.run(
            words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    screen = run("nba-pipeline demo")

    commands = [line.strip() for line in screen.splitlines() if re.match(r"  \w", line)]
    told = dict(shlex.split(line)[1].split("=", 1) for line in commands if "export " in line)
    environment.update(told)
    (query,) = (line for line in commands if line.startswith("nba-pipeline query"))
    answer = run(query)
    assert len(re.findall(r"(OVER|UNDER|PASS)", answer)) == 10
    (explain,) = (line for line in commands if line.startswith("nba-pipeline explain"))
    assert shlex.split(explain)[-1] in run(explain)
    (judge,) = (line for line in commands if line.startswith("nba-pipeline backtest"))
    assert "ensemble_v1" in run(judge)
    (graph,) = (line for line in commands if line.startswith("dagster dev"))
    # A server has no end to wait for; whether it would find the definitions can be told.
    run(graph.replace("dagster dev", "dagster definitions validate"))
