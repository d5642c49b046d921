"""``validate`` and ``cascade`` as a person and a program use them, on the live evening."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from live_night import CLAIMS, DAY, Kept

from nba_pipeline_tests.inside import inside

Answer = subprocess.CompletedProcess[str]
Ask = Callable[..., Answer]


def _only(kept: Kept) -> dict[str, str]:
    """An environment where there is a warehouse and nothing else: no Dagster, no home."""
    return {"PATH": "/usr/bin:/bin", "NBA_WAREHOUSE_DIR": str(kept.folder)}


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Runs a command in this process."""

    def run(kept: Kept, *words: str) -> Answer:
        return Answer(words, *inside(words, _only(kept), tmp_path))

    return run


@pytest.fixture
def start(tmp_path: Path) -> Ask:
    """Runs the console script."""

    def run(kept: Kept, *words: str) -> Answer:
        script = Path(sys.executable).with_name("nba-pipeline")
        return subprocess.run(
            [str(script), *words],
            env=_only(kept),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_night_that_did_its_job_ends_with_0_and_says_so(start: Ask, whole: Kept) -> None:
    answer = start(whole, "validate", "--date", str(DAY))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[-1].startswith(f"The night of {DAY} did its job: ")


def test_a_night_that_did_not_ends_with_1_and_the_worst_comes_first(start: Ask, kept: Kept) -> None:
    kept.path(CLAIMS).unlink()
    answer = start(kept, "validate", "--date", str(DAY))
    assert answer.returncode == 1
    first = next(line for line in answer.stdout.splitlines() if "phase" in line)
    assert first.split()[:2] == ["fail", "phase_5_complete"]
    assert f"→ nba-pipeline run --date {DAY}" in answer.stdout
    assert f"The night of {DAY} did not do its job: " in answer.stdout


def test_programs_get_one_object_with_a_sentence_for_each_check(ask: Ask, whole: Kept) -> None:
    answer = ask(whole, "validate", "--date", str(DAY), "--json")
    told: dict[str, Any] = json.loads(answer.stdout)
    assert (told["ok"], told["date"]) == (True, str(DAY))
    for check in told["checks"]:
        assert set(check) >= {"name", "ok", "sentence", "outcome", "fix"}
    names = [check["name"] for check in told["checks"]]
    assert len(names) == len(set(names)) > 30


@pytest.mark.parametrize("words", [["--date", "yesterday"], []])
@pytest.mark.parametrize("command", ["validate", "cascade"])
def test_a_wrong_call_ends_with_2(ask: Ask, whole: Kept, command: str, words: list[str]) -> None:
    answer = ask(whole, command, *words)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_cascade_shows_each_date_and_the_minutes_between(ask: Ask, whole: Kept) -> None:
    answer = ask(whole, "cascade", "--date", str(DAY), "--days", "3")
    assert answer.returncode == 0
    row = next(line.split() for line in answer.stdout.splitlines() if f" {DAY} " in line)
    # Raw tables were done at 06:11, analytics at 06:17, features at 06:24, predictions at 07:01.
    assert row[1:5] == ["06:11", "06:17", "06:24", "07:01"]
    assert "median of the seven days" in answer.stdout


def test_cascade_gives_programs_every_column_of_the_view(ask: Ask, whole: Kept) -> None:
    answer = ask(whole, "cascade", "--date", str(DAY), "--json")
    (row,) = [row for row in json.loads(answer.stdout)["dates"] if row["game_date"] == str(DAY)]
    shown = whole.warehouse.query("FROM nba_processing.cascade_timing")
    assert set(row) == set(shown.column_names)


@pytest.mark.parametrize(
    ("name", "start"), [("c.png", b"\x89PNG"), ("c.svg", b"<?xml"), ("c.pdf", b"%PDF")]
)
def test_cascade_draws_what_the_name_asks_for(
    ask: Ask, whole: Kept, tmp_path: Path, name: str, start: bytes
) -> None:
    path = tmp_path / name
    answer = ask(whole, "cascade", "--date", str(DAY), "--plot", str(path))
    assert answer.returncode == 0
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["c.txt", "nowhere/c.png"])
def test_a_picture_that_cannot_be_drawn_is_one_sentence(ask: Ask, whole: Kept, name: str) -> None:
    answer = ask(whole, "cascade", "--date", str(DAY), "--plot", name)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"Error: --plot {name}: ")


def test_dates_nobody_ran_are_one_sentence(ask: Ask, whole: Kept) -> None:
    day = DAY + timedelta(days=200)
    answer = ask(whole, "cascade", "--date", str(day))
    assert (answer.returncode, answer.stdout.count("\n")) == (0, 1)
    assert "is on record" in answer.stdout
