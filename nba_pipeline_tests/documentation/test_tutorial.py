"""The tutorial, followed word by word: every command in order, and what it says they print."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import DOCS, Block, Shell, Step, as_shown, blocks_of, steps_of

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


@pytest.fixture(scope="module")
def followed(new_shell: Callable[[], Shell]) -> list[tuple[Step, str]]:
    return list(follow(TUTORIAL, new_shell()))


def test_every_command_prints_what_the_tutorial_shows(followed: list[tuple[Step, str]]) -> None:
    wrong = [
        f"$ {step.command}\n{printed}"
        for step, printed in followed
        if SERVER not in step.command and not as_shown(printed, step.shown)
    ]
    assert wrong == []


def test_the_tutorial_uses_what_it_is_about(followed: list[tuple[Step, str]]) -> None:
    words = [shlex.split(step.command)[:2] for step, _ in followed]
    used = [second for first, second in words if first == "nba-pipeline"]
    assert used == ["demo", "query", "plan", "backfill", "query", "explain"]


def test_the_backfill_computes_what_the_plan_said(followed: list[tuple[Step, str]]) -> None:
    printed = {shlex.split(step.command)[1]: text for step, text in followed}
    planned, done = _entities(printed["plan"], 2), _entities(printed["backfill"], 3)
    # What a rule turned away again is planned as changed, and no row was computed of it.
    assert {name: n for name, n in done.items() if n} == {
        "nbac_player_boxscores": 1,
        "team_offense_game_summary": 1,
        "player_game_summary": 2,
        "upcoming_player_game_context": 13,
        "ml_feature_store_v2": 2,
        "player_points_features": 13,
    }
    assert {name for name, n in done.items() if n} | {"prediction_requests"} == {
        name for name, n in planned.items() if n
    }


def _entities(printed: str, at: int) -> dict[str, int]:
    """A number of each table's line."""
    lines = (line.split() for line in printed.splitlines())
    return {words[0]: int(words[at]) for words in lines if len(words) > 7 and words[1].isdigit()}


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
