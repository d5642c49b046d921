"""What a person is told while a table is computed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from nba_pipeline import progress
from nba_pipeline.progress import LineReporter, bar_reporter


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    return clock


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(out: io.StringIO, clock: _Clock) -> Callable[[str, int, int], list[str]]:
    """Reports to a pipe 80 characters wide and gives all lines so far; a second a report."""
    reporter = LineReporter(Console(file=out, width=80))

    def tell(table: str, done: int, total: int) -> list[str]:
        reporter(table, done, total)
        clock.now += 1
        return out.getvalue().splitlines()

    return tell


def test_what_comes_back_at_once_is_counted(report: Callable[..., list[str]]) -> None:
    """How long the only chunk took nobody has seen, so no rate is made up."""
    assert report("TOGS", 22, 22) == ["TOGS: 22 of 22"]


def test_rate_and_time_left_follow_from_what_was_seen(report: Callable[..., list[str]]) -> None:
    report("PGS", 100, 400)
    assert report("PGS", 200, 400)[-1] == "PGS: 200 of 400, 100/s, 2 s left"


def test_a_line_comes_every_fifty_players_and_at_the_end(report: Callable[..., list[str]]) -> None:
    for done in range(10, 121, 10):
        lines = report("PGS", done, 125)
    lines = report("PGS", 125, 125)
    assert [line.split(",")[0] for line in lines] == [
        "PGS: 50 of 125",
        "PGS: 100 of 125",
        "PGS: 125 of 125",
    ]


def test_the_next_dates_of_a_table_start_again(report: Callable[..., list[str]]) -> None:
    report("PGS", 100, 100)
    assert report("PGS", 60, 200)[-1] == "PGS: 60 of 200"


def test_tables_do_not_disturb_each_other(report: Callable[..., list[str]]) -> None:
    report("PGS", 100, 400)
    report("TOGS", 50, 90)
    assert report("PGS", 200, 400)[-1] == "PGS: 200 of 400, 50/s, 4 s left"


def test_a_line_is_never_broken(report: Callable[..., list[str]]) -> None:
    name = "a_table_whose_name_is_longer_than_anybody_would_want_to_read_in_one_go_but_there_it_is"
    assert report(name, 60, 60) == [f"{name}: 60 of 60"]


def _finished(console: Console, *reports: tuple[str, int, int]) -> dict[str, tuple[float, bool]]:
    with bar_reporter(console) as reporter:
        for told in reports:
            reporter(*told)
        bars = reporter._progress.tasks
        return {bar.description: (bar.completed, bar.finished) for bar in bars}


def test_a_table_has_one_bar(out: io.StringIO) -> None:
    console = Console(file=out, force_terminal=True)
    drawn = _finished(console, ("PGS", 60, 200), ("TOGS", 22, 22), ("PGS", 120, 200))
    assert drawn == {"PGS": (120, False), "TOGS": (22, True)}


def test_the_next_dates_of_a_table_fill_its_bar_again(out: io.StringIO) -> None:
    console = Console(file=out, force_terminal=True)
    drawn = _finished(console, ("PGS", 200, 200), ("PGS", 60, 300))
    assert drawn == {"PGS": (60, False)}
