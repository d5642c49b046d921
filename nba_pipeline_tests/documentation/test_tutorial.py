"""The tutorial, followed word by word: every command in order, and what it says they print."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import DOCS, Block, Shell, Step, as_shown, blocks_of, steps_of
from example import NAME, followed

from nba_pipeline.tables import REGISTRY

TUTORIAL = DOCS / "tutorial" / "index.md"
SOURCE = DOCS / "how-to" / "add-a-source.md"

# Every command is a process of its own, which imports everything anew.
pytestmark = pytest.mark.timeout(600)

#: A server has no end to wait for; whether it would find the definitions can be told.
SERVER, WOULD_SERVE = "dagster dev", "dagster definitions validate"


def follow(page: Path, shell: Shell) -> Iterator[tuple[Step, str]]:
    """Do what a page says: save its files, run its commands; each with what it printed."""
    for block in blocks_of(page):
        if block.title:
            (shell.folder / block.title).write_text(block.text)
        elif block.language == "console":
            for step in steps_of(block):
                yield step, shell.run(step.command.replace(SERVER, WOULD_SERVE))


def test_the_tutorial_can_be_followed_word_by_word(
    new_shell: Callable[[], Shell], tmp_path: Path
) -> None:
    """One reader does all of it, for most of the time goes into the days she builds first."""
    shell = new_shell()
    # What is invented may only ever land beside what is invented.
    shell.run(f"export NBA_LANDING_ROOT={tmp_path / 'of-mine'}")
    done = list(follow(TUTORIAL, shell))
    assert not (tmp_path / "of-mine").exists()
    assert [
        f"$ {step.command}\n{printed}"
        for step, printed in done
        if SERVER not in step.command and not as_shown(printed, step.shown)
    ] == []
    words = [(shlex.split(step.command)[:2], printed) for step, printed in done]
    printed = {command: text for (program, command), text in words if program == "nba-pipeline"}
    assert {*printed} == {"demo", "query", "plan", "backfill", "explain"}
    assert {name for name in REGISTRY if f" {name} " in printed["demo"]} == {*REGISTRY}
    assert f"export NBA_LANDING_ROOT={shell.folder / 'landing'}" in printed["demo"]
    assert _entities(printed["backfill"], 3) == {
        "nbac_player_boxscores": 1,
        "team_offense_game_summary": 1,
        "player_game_summary": 2,
        "upcoming_player_game_context": 13,
        "ml_feature_store_v2": 2,
        "player_points_features": 13,
    }
    # Whom a rule turned away before, it turned away again: planned, and nothing to compute.
    planned = _entities(printed["plan"], 2)
    assert {*planned} == {*_entities(printed["backfill"], 3), "prediction_requests"}
    _the_table_that_the_guide_adds_is_built_from_what_is_there(shell, followed(tmp_path / "copy"))


def _the_table_that_the_guide_adds_is_built_from_what_is_there(shell: Shell, copy: Path) -> None:
    shell.run(f"export PYTHONPATH={copy}")
    shell.run(f"nba-pipeline run --date 2025-10-24 --only --select {NAME}")
    rows = shell.run(
        'nba-pipeline query --json "select f.ft_attempts_last_10 = sum(g.ft_attempts) and '
        "abs(f.ft_pct_last_10 - sum(g.ft_makes) / sum(g.ft_attempts)) <= 0.00005 as same "
        f"from nba_precompute.{NAME} f join nba_analytics.player_game_summary g "
        "using (player_lookup) where g.game_date < f.game_date "
        'group by f.player_lookup, f.ft_attempts_last_10, f.ft_pct_last_10"'
    )
    same = [agrees for (agrees,) in json.loads(rows)["rows"]]
    assert len(same) > 20
    assert all(same)


def _entities(printed: str, at: int) -> dict[str, int]:
    """A number of each table's line, where it is not 0."""
    lines = (line.split() for line in printed.splitlines())
    numbers = {line[0]: int(line[at]) for line in lines if len(line) > 7 and line[1].isdigit()}
    return {name: number for name, number in numbers.items() if number}


def test_season_files_of_one_s_own_are_read_as_the_guide_says(
    new_shell: Callable[[], Shell],
) -> None:
    for step, printed in follow(SOURCE, new_shell()):
        assert as_shown(printed, step.shown), printed


@pytest.mark.parametrize(
    ("printed", "shown", "fits"),
    [
        ("a  1\n\nb 2\n", ["a 1", "b 2"], True),
        ("a 1\nx\ny\nb 2", ["a 1", "…", "b 2"], True),
        ("a 1\nb 2", ["a 1", "…", "b 2"], True),
        ("a 1 run 7c\n", ["a 1 run …"], True),
        ("a 2", ["a 1"], False),
        ("a 1\nb 2", ["a 1"], False),
        ("b 2\na 1", ["…", "a 1", "b 2", "…"], False),
    ],
)
def test_what_is_shown_is_held_to_what_is_printed(
    printed: str, shown: list[str], fits: bool
) -> None:
    assert as_shown(printed, shown) is fits


def test_a_block_is_read_as_commands_with_what_they_print() -> None:
    block = Block("console", "", "$ one\n1\n…\n$ two\n")
    assert steps_of(block) == [Step("one", ["1", "…"]), Step("two", [])]
