"""The terminal: what a person types, and what she reads. One module per kind of command.

Results go to standard output, as a table or with ``--json`` as one object and nothing else;
progress goes to standard error. Exit code 0 means done, 1 that something broke, 2 that the call was
wrong.
"""

from __future__ import annotations

import signal
import sys

import typer

from nba_pipeline.cli import (
    asking,
    ingesting,
    judging,
    measuring,
    migrating,
    overriding,
    planning,
    replaying,
    reporting,
    running,
    showing,
    validating,
    verifying,
)
from nba_pipeline.cli.printing import err
from nba_pipeline.engine.errors import ConfigurationError, OutsideSeasonError, PipelineError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="NBA player-prop features as one Dagster asset graph.",
)
for command in (
    running.run,
    running.backfill,
    planning.plan,
    planning.explain,
    replaying.replay,
    verifying.verify,
    validating.validate,
    validating.cascade,
    asking.query,
    ingesting.ingest,
    judging.backtest,
    migrating.migrate,
    reporting.report,
    overriding.override,
    showing.demo,
    measuring.bench,
    showing.likeness,
):
    app.command()(command)


def main() -> None:
    """Run the command line; an error a person can meet is one sentence, never a traceback."""
    _end_when_told_to()
    try:
        app()
    except PipelineError as error:
        err.print(f"Error: {error}", style="red", soft_wrap=True, highlight=False)
        wrong_call = isinstance(error, ConfigurationError | OutsideSeasonError)
        sys.exit(2 if wrong_call else 1)


def _end_when_told_to() -> None:
    """Have SIGTERM end a command as Ctrl-C does, also one that a script began in the background.

    Such a command ignores SIGINT, and after its first step Dagster would have SIGTERM do what
    SIGINT does: nothing. Blocked, SIGINT stays away just as well, and there is something to do.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
