"""How far a table has come, told to a person: a bar on a terminal, lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

#: Cells between two lines.
LINE_EVERY = 50


class LineReporter:
    """Writes a line every so many cells: done, total, rate and time left."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``."""
        self._console = console
        self._first: dict[str, tuple[float, int]] = {}
        self._told: dict[str, int] = {}

    def __call__(self, table: str, done: int, total: int) -> None:
        """Write a line when another ``LINE_EVERY`` cells are done, and at the end."""
        now = time.monotonic()
        began, before = self._first.setdefault(table, (now, done))
        if done < total and done - self._told.get(table, 0) < LINE_EVERY:
            return
        self._told[table] = done
        line = f"{table}: {done} of {total}"
        # Of what was done before the first report nobody knows how long it took.
        if done > before:
            rate = (done - before) / max(now - began, 1e-3)
            line += f", {rate:,.0f}/s, {(total - done) / rate:.0f} s left"
        self._console.print(line, highlight=False, soft_wrap=True)
        if done >= total:
            del self._first[table], self._told[table]


class _BarReporter:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, table: str, done: int, total: int) -> None:
        if table not in self._bars:
            self._bars[table] = self._progress.add_task(table)
        elif self._progress.tasks[self._bars[table]].finished:
            # The next dates of the same table: start the bar and its clock again.
            self._progress.reset(self._bars[table])
        self._progress.update(self._bars[table], completed=done, total=total)


@contextmanager
def bar_reporter(console: Console) -> Iterator[_BarReporter]:
    """A bar per table, gone when the run ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield _BarReporter(progress)
