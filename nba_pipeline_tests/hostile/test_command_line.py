"""Whatever is typed is done, or refused in one sentence: never a traceback, never a hang."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nba_pipeline.cli import main

#: None of these is a day of a season.
NO_DAYS = st.one_of(
    st.sampled_from(
        [
            *("", " ", "-1", "0000-00-00", "0001-01-01", "2025-13-01", "2025-02-30", "9999-12-31"),
            *("2199-01-01", "２０２５-11-02", "2025-11-02T00:00", "2025-11-02\n", "\x00", "\ud83d"),
            *("2025-11-02'; drop table x; --", "../../etc/passwd", "9" * 5000),
        ]
    ),
    st.text(max_size=12),
)
NO_NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "+",
                "++",
                "*",
                "nbac_schedule,",
                "tag:x",
                'key:"nba_raw/nbac_schedule"',
                "(",
                '"',
            ),
            *("'; drop table x; --", "../nbac_schedule", "\u202eeludehcs_cabn", "nbаc_schedule"),
            *("nbac_schedule and not x", "NBAC_SCHEDULE", "\x00", "\ud83d", "x" * 5000),
        ]
    ),
    st.text(max_size=12),
)
SQL = st.one_of(
    st.sampled_from(
        [
            *("", ";", "select", "select 1;;", "select '\x00'", "select '\ud83d'", "(" * 5000),
            "select 1; copy (select 1) to 'x.csv'",
            "copy (select 1) to '/tmp/nba-hostile.csv'",
            "copy nba_raw.nbac_schedule to 'x.parquet'",
            "attach '/tmp/nba-hostile.db' as other",
            "install httpfs",
            "load httpfs",
            "pragma database_list",
            "set enable_external_access = true",
            "reset enable_external_access",
            "call pragma_version()",
            "export database '/tmp/nba-hostile'",
            "create table x as select 1",
            "select * from read_csv('/etc/passwd')",
            "select * from '/etc/passwd'",
            "select * from read_text('/etc/passwd')",
            "select * from read_blob('/proc/self/environ')",
            "select * from glob('/etc/*')",
            "select * from sniff_csv('/etc/passwd')",
            "select * from parquet_metadata('/etc/passwd')",
            "select * from read_json_auto('https://example.com/x.json')",
            "select getenv('HOME')",
            "with t as (select * from read_csv('/etc/passwd')) select * from t",
            "explain analyze select * from read_csv('/etc/passwd')",
        ]
    ),
    st.text(max_size=30),
)


@pytest.fixture(autouse=True, scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of their own, and a source that nobody reads far."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith(("NBA_", "DAGSTER_"))]:
            patched.delenv(name)
        patched.setenv("NBA_WAREHOUSE_DIR", str(folder / "warehouse"))
        patched.setenv("DAGSTER_HOME", str(folder / "dagster"))
        patched.setattr(sys, "argv", list(sys.argv))
        patched.chdir(folder)
        yield folder


def typed(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code of a command and what it said; anything but leaving comes through."""
    sys.argv = ["nba-pipeline", *words]
    with pytest.raises(SystemExit) as left:
        main()
    code = left.value.code
    out, err = capfd.readouterr()
    assert isinstance(code, int)
    assert "Traceback" not in out + err
    return code, out, err


def once(**options: int) -> settings:
    return settings(
        **{"max_examples": 15, **options},
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--date"),
        ("report", "--date"),
        ("validate", "--date"),
        ("explain", "nbac_schedule", "--date"),
        ("override", "nbac_schedule", "--entity", "x", "--notes", "n", "--date"),
        ("plan", "--to", "2025-11-02", "--from"),
        ("backfill", "--from", "2025-11-02", "--to"),
        ("backtest", "--from", "2025-11-02", "--to"),
        ("likeness", "--from", "2025-11-02", "--to"),
    ],
    ids=lambda words: words[0],
)
def test_what_is_no_day_of_a_season_is_refused(
    capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    @once()
    @given(NO_DAYS)
    def ask(text: str) -> None:
        code, out, err = typed(capfd, *words, text)
        assert code in (1, 2)
        assert out == ""
        assert len([line for line in err.splitlines() if line.startswith("Error: ")]) <= 1

    ask()


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "--date", "2025-11-02", "--"),
        ("override", "--date", "2025-11-02", "--entity", "x", "--notes", "n", "--"),
        ("run", "--date", "2025-11-02", "--executor"),
        ("run", "--date", "2025-11-02", "--mode"),
        ("ingest", "--date", "2025-11-02", "--workflow"),
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_what_names_nothing_is_refused(
    capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    @once()
    @given(NO_NAMES.filter(bool))
    def ask(text: str) -> None:
        code, out, _ = typed(capfd, *words, text)
        assert code == 2
        assert out == ""

    ask()


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "nbac_schedule,",
        "(",
        "tag:x",
        "'; drop",
        "../nbac_schedule",
        "nbаc_schedule",
        "x" * 5000,
    ],
)
def test_a_selection_that_names_no_table_is_refused(
    capfd: pytest.CaptureFixture[str], text: str
) -> None:
    words = ("run", "--only", "--date", "2025-11-02", "--select")
    assert typed(capfd, *words, text)[0] == 2


@once(max_examples=40)
@given(SQL)
def test_a_query_reads_the_warehouse_and_nothing_else(
    capfd: pytest.CaptureFixture[str], sql: str
) -> None:
    code, out, err = typed(capfd, "query", "--", sql)
    assert code in (0, 1, 2)
    assert "root:" not in out
    assert code != 0 or err == ""
    assert not list(Path("/tmp").glob("nba-hostile*"))  # noqa: S108 - where a query tried to write
