"""The console script as a person or a program uses it: answers, exit codes, one plain sentence."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nba_pipeline.tables import REGISTRY

FIRST, DAY = date(2021, 11, 14), date(2021, 11, 15)
EXECUTORS = ("threads", "processes")

FIELDS = {
    "table": str,
    "date": str,
    "rows": int,
    "computed": int,
    "reused": int,
    "rejected": int,
    "failed": int,
    "data_version": str,
    "cause": str,
    "seconds": (int, float),
}


# A day, built, built again, forced ----------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, terminal_in: Any) -> Any:
    """A terminal whose first partition is the day before ``DAY``."""
    return terminal_in(tmp_path_factory.mktemp("home"), NBA_FIRST_DAY=FIRST.isoformat())


@pytest.fixture(scope="module")
def run(archive: Path) -> tuple[str, ...]:
    """The words that build ``DAY`` with its history."""
    return ("run", "--date", DAY.isoformat(), "--archive", str(archive))


@pytest.fixture(scope="module")
def first(home: Any, run: tuple[str, ...]) -> Any:
    return home(*run, "--only", "--json")


@pytest.fixture(scope="module")
def built(home: Any, first: Any) -> Any:
    """The terminal once the day is built."""
    assert first.code == 0, first.err
    return home


@pytest.fixture(scope="module")
def versions(built: Any) -> Any:
    """The data versions of the day, before anything else is done to it."""
    return built.versions()


def test_a_first_run_succeeds(first: Any) -> None:
    assert (first.code, first.json["problems"], first.json["broken_promises"]) == (0, [], [])


def test_standard_output_is_one_json_object_and_nothing_else(first: Any) -> None:
    assert first.out.count("\n") == 1
    assert set(first.json) >= {"run_ids", "partitions", "seconds"}


def test_every_partition_has_the_documented_fields(first: Any) -> None:
    for partition in first.json["partitions"]:
        assert set(partition) >= set(FIELDS)
        assert [
            name for name, kind in FIELDS.items() if not isinstance(partition[name], kind)
        ] == []


def test_every_table_is_built_and_named_as_in_sql(first: Any) -> None:
    named = {part["table"] for part in first.json["partitions"]}
    assert named == {table.full_name for table in REGISTRY.values()}


def test_only_builds_the_date_and_no_history(first: Any) -> None:
    assert {part["date"] for part in first.json["partitions"]} == {DAY.isoformat()}
    assert "history" not in first.err
    assert len(first.json["run_ids"]) == 1


def test_progress_goes_to_standard_error(first: Any) -> None:
    lines = [line for line in first.err.splitlines() if line.startswith("player_game_summary: ")]
    assert lines[-1].startswith("player_game_summary: 241 of 241")


def test_the_warehouse_holds_what_the_answer_says(versions: Any, first: Any) -> None:
    said = {
        (part["table"].partition(".")[2], date.fromisoformat(part["date"])): part["data_version"]
        for part in first.json["partitions"]
    }
    assert versions == said


@pytest.fixture(scope="module")
def totals(built: Any) -> dict[str, list[Any]]:
    """What SQL finds of the day, a line for each table."""
    parts = [
        "select 'TOGS' as who, count(*), sum(points_scored), sum(fg_attempts), "
        "sum(individual_turnovers) from nba_analytics.team_offense_game_summary",
        "select 'TDGS', count(*), sum(points_allowed), null, null "
        "from nba_analytics.team_defense_game_summary",
        "select 'PGS', count(*), sum(points), sum(fg_attempts), sum(turnovers) "
        "from nba_analytics.player_game_summary",
        "select 'plays', count(*), null, null, null from nba_raw.nbac_play_by_play",
    ]
    sql = " union all ".join(f"{part} where game_date = '{DAY}'" for part in parts)
    return {who: numbers for who, *numbers in built.inside("query", sql, "--json").json["rows"]}


@pytest.mark.parametrize(
    ("who", "numbers"),
    [
        ("TOGS", [22, 2340, 1904, 290]),
        ("TDGS", [22, 2340, None, None]),
        ("PGS", [241, 2340, 1904, 290]),
        ("plays", [4994, None, None, None]),
    ],
)
def test_the_day_adds_up(totals: dict[str, list[Any]], who: str, numbers: list[Any]) -> None:
    """Rows, points, attempts and turnovers of the night."""
    assert totals[who] == numbers


@pytest.fixture(scope="module")
def validated(built: Any) -> dict[str, Any]:
    """What ``validate`` says of the real day, which was built without its history."""
    answer = built.inside("validate", "--date", DAY.isoformat(), "--json")
    assert answer.code == 1, "without history nobody can be predicted"
    return {check["name"]: check for check in answer.json["checks"]}


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("rows_player_game_summary", "241 rows for 11 games of 2021-11-15"),
        ("rows_team_offense_game_summary", "22 rows for 11 games of 2021-11-15"),
        ("games_final", "all 11 games of 2021-11-15 have their result"),
        ("box_score_coverage", "22 of 22 teams"),
        ("hash_population", "have their data_hash (100 %)"),
        ("sound_partitions", "every promise is kept"),
    ],
)
def test_validate_finds_the_real_day_whole(
    validated: dict[str, Any], check: str, words: str
) -> None:
    assert validated[check]["outcome"] == "pass"
    assert words in validated[check]["sentence"]


def test_validate_asks_the_real_day_nothing_by_the_clock(validated: dict[str, Any]) -> None:
    clock = ("first_prediction_time", "feature_store_time", "schedule_age", "cascade_delay")
    assert {validated[name]["outcome"] for name in clock} == {"not applicable"}


def test_validate_finds_who_should_have_been_predicted(validated: dict[str, Any]) -> None:
    assert not validated["rows_player_prop_predictions"]["ok"]


def test_a_query_prints_a_table_for_people(built: Any) -> None:
    sql = (
        "select player_full_name as who, points from nba_analytics.player_game_summary "
        "order by points desc, who limit 2"
    )
    answer = built("query", sql)
    lines = [line.split() for line in answer.out.splitlines() if line.strip()]
    assert (answer.code, lines[0]) == (0, ["who", "points"])
    assert [line[-1] for line in lines[2:]] == sorted(
        (line[-1] for line in lines[2:]), reverse=True
    )
    assert len(lines) == 4


def test_a_query_prints_text_as_it_is(built: Any) -> None:
    answer = built.inside("query", "select '[/b] :smile: [red]' as said, [1, 2] as list")
    assert (answer.code, answer.err) == (0, "")
    assert "[/b] :smile: [red]" in answer.out


def test_a_query_gives_numbers_that_programs_can_read(built: Any) -> None:
    sql = "select 1::hugeint, 1.5::decimal(4, 2), 'nan'::double, 2 as same, 3 as same"
    assert built.inside("query", sql, "--json").json["rows"] == [[1, 1.5, None, 2, 3]]


# Executors ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_executor(
    tmp_path_factory: pytest.TempPathFactory, terminal_in: Any, built: Any, run: tuple[str, ...]
) -> Mapping[str, tuple[Any, Any]]:
    """For each executor a terminal whose copy of the warehouse it has computed anew."""
    selected = {
        "threads": "nbac_schedule+",
        "processes": ",".join(name for name, table in REGISTRY.items() if table.layer != "raw"),
    }
    homes = {}
    for name in EXECUTORS:
        homes[name] = terminal_in(tmp_path_factory.mktemp(name))
        shutil.copytree(built.folder / "warehouse", homes[name].folder / "warehouse")

    def compute(name: str) -> Any:
        words = ("--select", selected[name], "--only", "--force", "--json", "--executor", name)
        return homes[name](*run, *words)

    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(compute, EXECUTORS)
        return {
            name: (homes[name], answer) for name, answer in zip(EXECUTORS, answers, strict=True)
        }


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_executor_gives_the_data_versions_of_serial(
    versions: Any, by_executor: Any, executor: str
) -> None:
    home, answer = by_executor[executor]
    assert answer.code == 0, answer.err
    assert home.versions() == versions


@pytest.mark.parametrize("executor", EXECUTORS)
def test_force_computes_everything_again(first: Any, by_executor: Any, executor: str) -> None:
    before = {part["table"]: part["computed"] for part in first.json["partitions"]}
    _, answer = by_executor[executor]
    for part in answer.json["partitions"]:
        assert (part["computed"], part["reused"]) == (before[part["table"]], 0)
        assert part["cause"].startswith("forced")


def test_verify_finds_every_way_of_computing_the_day_equal(
    built: Any, run: tuple[str, ...]
) -> None:
    before = built.files()
    ways = ("--executors", "serial,threads", "--chunks", "7,1000", "--json")
    told = built.inside("verify", *run[1:], "--select", "player_game_summary+", *ways)
    assert (told.code, told.json["equal"], told.json["differences"]) == (0, True, [])
    assert {len(table["hashes"]) for table in told.json["tables"]} == {4}
    assert built.files() == before


def test_a_selection_with_plus_runs_what_comes_after(by_executor: Any) -> None:
    tables = {"nbac_schedule"}
    for name, table in REGISTRY.items():
        if tables & {declared.table for declared in table.inputs.values() if not declared.is_feed}:
            tables.add(name)
    _, answer = by_executor["threads"]
    assert {part["table"].partition(".")[2] for part in answer.json["partitions"]} == tables
    assert "nbac_player_list" not in tables


# Bad input ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """Something a person may get wrong.

    Attributes:
        words: What she types beside ``run``'s date and archive, or all of it.
        names: What the sentence has to name.
        code: The exit code.
        settings: What is wrong with the environment.
        whole: Whether ``words`` are the whole command.
    """

    words: tuple[str, ...]
    names: tuple[str, ...]
    code: int = 2
    settings: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False


def _call(*words: str, names: tuple[str, ...], code: int = 2) -> Bad:
    return Bad(words, names, code, whole=True)


def _set(*names: str, code: int = 2, **settings: str) -> Bad:
    return Bad(("--select", "nbac_schedule", "--only"), names, code, settings)


BAD = {
    "a date outside any season": Bad(("--date", "2023-07-01"), ("2023-07-01", "2021-22")),
    "not a date": Bad(("--date", "yesterday"), ("--date yesterday", "YYYY-MM-DD")),
    "a date before the first partition": Bad(("--date", "2019-11-15"), ("2019-11-15",)),
    "an unknown table": Bad(("--select", "players"), ("players", "player_game_summary")),
    "an unknown executor": Bad(("--executor", "hamster"), ("hamster", "processes")),
    "an unknown executor in the environment": _set("hamster", NBA_EXECUTOR="hamster"),
    "workers that are no number": _set("PGS_WORKERS=x", PGS_WORKERS="x"),
    "workers for all that are no number": _set(
        "PARALLELIZATION_WORKERS=many", PARALLELIZATION_WORKERS="many"
    ),
    "a switch that is neither on nor off": _set(
        "ENABLE_PLAYER_PARALLELIZATION=maybe", ENABLE_PLAYER_PARALLELIZATION="maybe"
    ),
    "a first day that is no date": _set("NBA_FIRST_DAY=soon", NBA_FIRST_DAY="soon"),
    "a Dagster home that cannot be": _set("DAGSTER_HOME", DAGSTER_HOME="/dev/null/home"),
    "a warehouse that is a file": _set("/dev/null", code=1, NBA_WAREHOUSE_DIR="/dev/null"),
    "a missing archive folder": Bad(("--archive", "/nowhere/at/all"), ("/nowhere/at/all",), 1),
    "an archive without a schedule": Bad(("--archive", "."), ("schedule_*.parquet",), 1),
    "a range backwards": _call(
        *("backfill", "--from", "2021-11-16", "--to", "2021-11-15"), names=("2021-11-16",)
    ),
    "SQL that is none": _call("query", "selekt 1", names=("selekt",), code=1),
    "SQL about no table": _call("query", "select 1 from players", names=("players",), code=1),
    "SQL that writes": _call(
        "query", "drop table nba_raw.nbac_schedule", names=("SELECT",), code=1
    ),
    "SQL that writes afterwards": _call(
        "query", "select 1; drop table x", names=("SELECT",), code=1
    ),
    "SQL that writes a file": _call("query", "copy (select 1) to 'x'", names=("SELECT",), code=1),
    "SQL that reads another file": _call(
        "query", "select * from read_text('/etc/hostname')", names=("/etc/hostname",), code=1
    ),
}


@pytest.fixture(scope="module")
def files_before(built: Any) -> Any:
    return built.files()


@pytest.fixture(scope="module")
def answers(built: Any, run: tuple[str, ...], files_before: Any) -> Mapping[str, Any]:
    """What is said to each kind of bad input, all asked of one warehouse."""
    assert files_before

    def ask(bad: Bad) -> Any:
        return built.inside(*(() if bad.whole else run), *bad.words, **bad.settings)

    return {what: ask(bad) for what, bad in BAD.items()}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_one_sentence(answers: Mapping[str, Any], what: str) -> None:
    answer = answers[what]
    (sentence,) = [line for line in answer.err.splitlines() if not _is_progress(line)]
    assert sentence.startswith("Error: ")
    for named in BAD[what].names:
        assert named in sentence


def _is_progress(line: str) -> bool:
    return line.split(":")[0] in (*REGISTRY, "history")


@pytest.mark.parametrize("what", BAD)
def test_bad_input_has_its_exit_code(answers: Mapping[str, Any], what: str) -> None:
    assert answers[what].code == BAD[what].code, answers[what].err


# Bad files ----------------------------------------------------------------------------------------


def _truncated(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _rewritten(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    return lambda path: pq.write_table(change(pq.read_table(path)), path)


def _an_official_twice(rows: pa.Table) -> pa.Table:
    """One of those of a game of the day; on another day nobody would have to care."""
    at = rows["game_id"].to_pylist().index("0022100199")
    return pa.concat_tables([rows, rows.slice(at, 1)])


def _text_for_totals(rows: pa.Table) -> pa.Table:
    totals = pa.array(["high"] * rows.num_rows)
    return rows.set_column(rows.column_names.index("close_total"), "close_total", totals)


def _first_row_of_no_game(rows: pa.Table) -> pa.Table:
    games = pa.array(["0022199999", *rows["game_id"].to_pylist()[1:]], rows["game_id"].type)
    return rows.set_column(rows.column_names.index("game_id"), "game_id", games)


#: For each table: its file, what is wrong with it, and what the sentence has to name beside it.
BAD_FILES = {
    "nbac_player_boxscores": (
        "player_box_2021_22.parquet",
        _rewritten(_first_row_of_no_game),
        ("0022199999",),
    ),
    "nbac_team_boxscore": ("team_box_2021_22.parquet", _truncated, ("Parquet",)),
    "nbac_shots": (
        "shots_2021_22_first_580_games.parquet",
        _rewritten(lambda rows: rows.drop_columns(["period"])),
        ("period",),
    ),
    "odds_api_game_lines": (
        "game_lines_2021_22.parquet",
        _rewritten(_text_for_totals),
        ("close_total",),
    ),
    "nbac_referee": (
        "officials_from_play_by_play_2021_22.parquet",
        _rewritten(_an_official_twice),
        ("0022100199", "official"),
    ),
}


@pytest.fixture(scope="module")
def bad_files(
    built: Any, archive: Path, answers: Any, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """What is said of an archive in which five files are broken, each in its own way."""
    assert answers
    folder = tmp_path_factory.mktemp("bad") / "archive"
    shutil.copytree(archive, folder)
    for name, tamper, _ in BAD_FILES.values():
        tamper(folder / name)
    words = ("--date", DAY.isoformat(), "--archive", str(folder), "--only", "--json")
    return built.inside("run", *words)


@pytest.mark.parametrize("table", BAD_FILES)
def test_a_bad_file_gets_one_sentence(bad_files: Any, table: str) -> None:
    name, _, named = BAD_FILES[table]
    sentences = [line for line in bad_files.err.splitlines() if name in line]
    assert len(sentences) == 1, bad_files.err
    assert sentences[0].startswith("Error: ")
    assert [word for word in named if word not in sentences[0]] == []


def test_nothing_is_said_but_the_sentences(bad_files: Any) -> None:
    said = [line for line in bad_files.err.splitlines() if not _is_progress(line)]
    assert len(said) == len(BAD_FILES)
    assert bad_files.code == 1


def test_a_failed_run_is_still_one_json_object(bad_files: Any) -> None:
    assert len(bad_files.json["problems"]) == len(BAD_FILES)
    done = {part["table"].partition(".")[2] for part in bad_files.json["partitions"]}
    assert {"nbac_schedule", "nbac_play_by_play", "nbac_injury_report"} <= done
    assert not done & set(BAD_FILES)


@pytest.fixture(scope="module")
def files_after(built: Any, answers: Any, bad_files: Any) -> Any:
    assert answers
    assert bad_files.code == 1
    return built.files()


def test_bad_input_leaves_every_partition_as_it_was(files_before: Any, files_after: Any) -> None:
    assert files_after == files_before


# History ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_history(
    built: Any, run: tuple[str, ...], versions: Any, by_executor: Any, files_after: Any
) -> tuple[Any, Any]:
    """What is said when a table that reads the season so far is built twice."""
    assert versions
    assert by_executor
    assert files_after
    words = (*run, "--select", "player_availability,player_game_summary")
    return built.inside(*words, "--json"), built.inside(*words)


def test_history_is_announced_built_and_listed_first(with_history: tuple[Any, Any]) -> None:
    answer, _ = with_history
    assert answer.code == 0, answer.err
    told = [line for line in answer.err.splitlines() if line.startswith("history")]
    assert told == ["history: 1 date to build"] * 2, "the day before, then what it changes today"
    listed = [(part["date"], part["table"]) for part in answer.json["partitions"]]
    assert [day for day, _ in listed] == sorted(day for day, _ in listed)
    assert listed[0][0] == FIRST.isoformat()
    assert listed[-1][0] == DAY.isoformat()
    assert len(answer.json["run_ids"]) > 1


def test_a_second_run_says_there_is_nothing_to_compute(with_history: tuple[Any, Any]) -> None:
    _, second = with_history
    assert second.code == 0, second.err
    assert "Nothing to compute" in second.out
    assert second.err == "", "no history to build, no progress to tell"


def test_a_person_is_told_rows_by_table_and_where_to_look(
    built: Any, with_history: tuple[Any, Any]
) -> None:
    _, second = with_history
    by_table = {line.split()[0]: line.split() for line in second.out.splitlines() if line.strip()}
    assert by_table["player_game_summary"][1:5] == ["1", "241", "0", "241"]
    assert str(built.folder / "dagster") in second.out


# Killed -------------------------------------------------------------------------------------------


def test_a_killed_run_is_healed_by_the_next(
    terminal: Any, first: Any, run: tuple[str, ...]
) -> None:
    run = (*run, "--only", "--select", "+player_game_summary")
    clean = {
        (part["table"].partition(".")[2], DAY): part["data_version"]
        for part in first.json["partitions"]
    }
    for lines in (2, 5):
        _kill_after(terminal, run, lines, random.uniform(0.0, 0.4))  # noqa: S311
        whole = terminal.versions()
        assert whole.items() <= clean.items()
        assert _damaged(terminal) == []
    answer = terminal(*run)
    assert answer.code == 0, answer.err
    healed = terminal.versions()
    assert ("player_game_summary", DAY) in healed
    assert healed.items() <= clean.items()
    assert list(terminal.folder.rglob("*.tmp")) == []


def _kill_after(terminal: Any, run: tuple[str, ...], lines: int, seconds: float) -> None:
    """Kill a run some seconds after it has told of its progress so many times."""
    with terminal.start(*run) as process:
        for _ in range(lines):
            process.stderr.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()


def _damaged(terminal: Any) -> list[str]:
    return [
        f"{name} {day}"
        for name, table in REGISTRY.items()
        for day, stored in terminal.warehouse.stored(table, [DAY]).items()
        if not stored.intact
    ]
