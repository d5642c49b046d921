"""The reference says what the code declares, all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from nba_pipeline.catalogue import VARIABLES
from nba_pipeline.cli import app
from nba_pipeline.engine.logs import LOGS
from nba_pipeline.engine.table import FailureCategory, Table
from nba_pipeline.sources.feeds import FEEDS
from nba_pipeline.sources.live.workflows import WORKFLOWS
from nba_pipeline.sources.parsers import KINDS
from nba_pipeline.tables import REGISTRY
from nba_pipeline.warehouse.views import statements
from nba_pipeline_docs.__main__ import pages
from nba_pipeline_docs.graph import reduced
from nba_pipeline_docs.markdown import grid, plain


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages()


def _cells(page: str, heads: str) -> list[str]:
    """The first cells of the tables that begin with these heads."""
    found = re.findall(rf"^\| {re.escape(heads)} .*\n\|[ |-]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    return [line.split(" | ")[0].strip("| `") for rows in found for line in rows.splitlines()]


@pytest.mark.parametrize("table", REGISTRY.values(), ids=lambda table: table.name)
def test_a_table_s_page_has_every_stored_column_in_order(
    written: dict[str, str], table: Table
) -> None:
    page = written[f"tables/{table.name}.md"]
    assert _cells(page, "Column | Type") == [entry.name for entry in table.schema]


@pytest.mark.parametrize("table", REGISTRY.values(), ids=lambda table: table.name)
def test_a_table_s_page_has_every_input_with_its_columns(
    written: dict[str, str], table: Table
) -> None:
    page = written[f"tables/{table.name}.md"]
    assert _cells(page, "Name | Reads") == [*table.inputs]
    for declared in table.inputs.values():
        assert declared.window.describe() in page
        assert all(f"`{column}`" in page for column in declared.columns)


def test_a_column_is_told_with_type_unit_range_and_hash(written: dict[str, str]) -> None:
    page = written["tables/league_daily_averages.md"]
    assert (
        "| `pace` | number, 1 decimals, required | possessions | mean over the teams' games "
        "| 80 to 120 | yes |\n" in page
    )


def test_no_two_places_say_what_the_variables_are(written: dict[str, str]) -> None:
    declared = [v.name for variables in VARIABLES.values() for v in variables]
    assert _cells(written["environment.md"], "Variable") == declared


def test_a_variable_is_told_with_default_values_and_effect(written: dict[str, str]) -> None:
    assert (
        "| `NBA_RECENT_DAYS` | `14` | a whole number from 1 | Days back that are looked at for "
        "what changed without a new file |\n" in written["environment.md"]
    )


def test_every_command_and_option_is_there(written: dict[str, str]) -> None:
    page = written["commands.md"]
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"\n## {command.callback.__name__}\n" in page
    assert "`--as-of " in page


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("processing.md", [log.name for log in LOGS]),
        ("feeds.md", [*FEEDS]),
        ("workflows.md", [*WORKFLOWS]),
    ],
)
def test_each_has_its_heading(written: dict[str, str], path: str, names: list[str]) -> None:
    assert [*re.findall(r"^## (\w+)$", written[path], re.MULTILINE)][: len(names)] == names


def test_every_view_of_the_local_warehouse_is_named(
    written: dict[str, str], tmp_path: Path
) -> None:
    made = {
        found[1]
        for statement in statements([*REGISTRY.values()], tmp_path)
        if (found := re.match(r"CREATE VIEW nba_processing\.(\w+)", statement))
    }
    page = written["processing.md"]
    # Of two logs of failures one stands for both, and histories are told of all at once.
    alike = {name.replace("precompute_failures_", "analytics_failures_") for name in made}
    views = {name for name in alike if not name.endswith("_history")}
    assert {name for name in views if f"`nba_processing.{name}`" not in page} == {
        log.name for log in LOGS
    }


def test_every_category_of_failure_has_a_meaning(written: dict[str, str]) -> None:
    assert _cells(written["failures.md"], "Category | Meaning") == [*FailureCategory]


def test_every_payload_kind_is_listed_in_the_order_of_belief(written: dict[str, str]) -> None:
    assert _cells(written["payloads.md"], "Kind") == [kind.title for kind in KINDS]


def test_the_graph_draws_no_edge_that_follows_from_others_and_loses_none() -> None:
    reads = {
        "a": set(),
        "b": {"a"},
        "c": {"a", "b"},
        "d": {"a", "c"},
    }
    drawn = reduced(reads)
    assert drawn == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"c"}}


def test_what_is_drawn_reaches_what_is_read() -> None:
    reads = {
        name: {each.table for each in table.inputs.values() if not each.is_feed}
        for name, table in REGISTRY.items()
    }
    assert _reached(reduced(reads)) == _reached(reads)


def _reached(edges: Mapping[str, set[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, upstream in edges.items():
        found[name] = upstream.union(*(found[each] for each in upstream))
    return found


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert grid(("a", "b"), [("x|y", "z")]).splitlines()[2] == "| x\\|y | z |"


def test_words_of_a_declaration_are_no_markup() -> None:
    assert plain("a_b <c> [d] *e*") == r"a\_b \<c\> \[d] \*e\*"
