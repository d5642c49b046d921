"""Every command that a page shows is one the terminal understands."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main
from conftest import CHECKOUT, Shell, blocks_of, pages

from nba_pipeline.cli import app
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.local import LocalWarehouse


def _shown(page: Path) -> list[str]:
    """The calls of ``nba-pipeline`` in a page's blocks of commands, comments left out."""
    lines = [
        line
        for block in blocks_of(page)
        if block.language in ("bash", "console")
        for line in block.text.replace("\\\n", " ").splitlines()
        if block.language == "bash" or line.startswith("$ ")
    ]
    calls = []
    for line in lines:
        # Of several commands in a line the last one is ours.
        words = shlex.split(line.removeprefix("$ ").rpartition("&& ")[2], comments=True)
        if words[:2] == ["python", "-m"]:
            words = words[3:]
        if words and Path(words[0]).name == "nba-pipeline":
            calls.append(shlex.join(words[1:]))
    return calls


CALLS = [
    pytest.param(call, id=f"{page.relative_to(CHECKOUT)}: {call[:60]}")
    for page in pages()
    for call in _shown(page)
]


@pytest.mark.parametrize("call", CALLS)
def test_a_command_that_is_shown_has_these_options(call: str) -> None:
    name, *words = shlex.split(call)
    group = typer.main.get_command(app)
    command = group.commands[name]  # type: ignore[attr-defined]
    # Makes of words what the command would get, and refuses what it would refuse; runs nothing.
    context = command.make_context(name, words)
    assert all(context.params[each.name] is not None for each in command.params if each.required)


@pytest.mark.parametrize("call", ["run --dat 2025-11-12", "run", "plan --from 2025-11-12"])
def test_a_command_with_a_wrong_option_or_without_one_it_needs_is_refused(call: str) -> None:
    name, *words = shlex.split(call)
    group = typer.main.get_command(app)
    with pytest.raises(Exception, match=r"[Nn]o such option|[Mm]issing parameter"):
        group.commands[name].make_context(name, words)  # type: ignore[attr-defined]


QUERIES = [
    pytest.param(shlex.split(call)[1], id=f"{page.relative_to(CHECKOUT)}: {call[7:60]}")
    for page in pages()
    for call in _shown(page)
    if call.startswith("query ")
]


@pytest.mark.parametrize("sql", QUERIES)
def test_a_query_that_is_shown_is_answered(sql: str, tmp_path: Path) -> None:
    """Of a warehouse without rows: every table, column and function in it is there."""
    warehouse = LocalWarehouse(tmp_path, [*REGISTRY.values()])
    assert warehouse.query(sql).column_names != []


@pytest.mark.slow
def test_the_quick_start_of_the_readme_runs_and_its_query_has_answers(
    new_shell: Callable[[], Shell],
) -> None:
    first, second, *_ = (call for call in _shown(CHECKOUT / "README.md"))
    shell = new_shell()
    assert "player_prop_predictions" in shell.run(f"nba-pipeline {first}")
    assert len(json.loads(shell.run(f"nba-pipeline {second} --json"))["rows"]) == 5


def test_every_command_there_is_is_shown_by_some_page() -> None:
    shown = {shlex.split(call)[0] for page in pages() for call in _shown(page)}
    there = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert there - shown == set()


def test_the_readme_names_every_command() -> None:
    named = set(
        re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", (CHECKOUT / "README.md").read_text(), re.M)
    )
    words = {word.strip("`") for cell in named for word in cell.split(", ")}
    there = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert words == there


def test_every_page_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (CHECKOUT / "README.md").read_text())
    assert [link for link in links if not (CHECKOUT / link).is_file()] == []
    assert len(links) > 20
