"""Every command that a page shows is one the terminal understands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import typer.main
from conftest import CHECKOUT, blocks_of, pages

from nba_pipeline.cli import app


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
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words[:2] == ["python", "-m"]:
            words = words[3:]
        if words[:1] == ["nba-pipeline"]:
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


def test_every_command_there_is_is_shown_by_some_page() -> None:
    shown = {shlex.split(call)[0] for page in pages() for call in _shown(page)}
    there = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert there - shown == set()
