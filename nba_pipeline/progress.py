"""How far a table has come, told to a person: a bar on a terminal, lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

#: Cells between two lines.
LINE_EVERY = 50


class LineReporter:
    """Writes a line every so many cells: done, total, rate and time left."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._started: dict[str, tuple[float, int]] = {}

    def __call__(self, table: str, done: int, total: int) -> None:
        """Write a line when another ``LINE_EVERY`` cells are done, and at the end."""
        started, told = self._started.setdefault(table, (time.monotonic(), 0))
        if done < total and done - told < LINE_EVERY:
            return
        self._started[table] = (started, done)
        rate = done / max(time.monotonic() - started, 1e-3)
        left = (total - done) / rate
        self._console.print(
            f"{table}: {done} of {total}, {rate:,.0f}/s, {left:.0f} s left", highlight=False
        )
        if done >= total:
            del self._started[table]


class _BarReporter:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, table: str, done: int, total: int) -> None:
        for task in self._progress.tasks:
            if task.description == table and not task.finished:
                self._progress.update(task.id, completed=done, total=total)
                return
        self._progress.add_task(table, completed=done, total=total)


@contextmanager
def bar_reporter(console: Console) -> Iterator[_BarReporter]:
    """A bar per table, gone when the run ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield _BarReporter(progress)
