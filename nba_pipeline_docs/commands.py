"""Every command of the terminal with its options, from the command line itself."""

from __future__ import annotations

from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

from nba_pipeline.cli import app
from nba_pipeline_docs.markdown import code, grid, plain, prose

_HEAD = """\
# Commands

What `nba-pipeline` understands. Results go to standard output, as a table or with `--json` as one
object and nothing else; progress goes to standard error.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | something broke, or is not as it should be |
| 2 | the call was wrong: an option, a date, a variable |

An error is one sentence on standard error, never a traceback.

"""


def page() -> str:
    """The page."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError("the command line has no commands")
    return _HEAD + "\n".join(_section(name, each) for name, each in group.commands.items())


def _section(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"nba-pipeline {name}")
    needed = (each.get_help_record(context)[0] for each in command.params if each.required)
    usage = " ".join([f"nba-pipeline {name}", *needed])
    rows = [_row(each, context) for each in command.params]
    return "\n".join(
        [
            f"## {name}\n",
            prose(command.help or ""),
            f"\n```text\n{usage}\n```\n",
            grid(("Option", "Default", "Meaning"), rows),
        ]
    )


def _row(parameter: Any, context: typer.Context) -> tuple[str, str, str]:
    """How an option or an argument is written, what holds without it, what it means."""
    written, _ = parameter.get_help_record(context)
    return code(written), _default(parameter), plain(_help(parameter))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if getattr(parameter, "is_flag", False):
        return "off"
    return code(str(parameter.default)) if parameter.default not in (None, "") else "–"


def _help(parameter: Any) -> str:
    text = parameter.help or ""
    return f"{text} Also {parameter.envvar}." if parameter.envvar else text
