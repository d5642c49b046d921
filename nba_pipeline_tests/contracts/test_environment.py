"""Nothing reads an environment variable that is not declared, and declarations are what holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import nba_pipeline
from nba_pipeline.catalogue import VARIABLES
from nba_pipeline.engine.errors import ConfigurationError
from nba_pipeline.engine.table import FailureCategory
from nba_pipeline.engine.variables import Variable
from nba_pipeline.tables import REGISTRY

PACKAGE = Path(nba_pipeline.__file__).parent
CHECKOUT = PACKAGE.parent
ALL = [variable for group in VARIABLES.values() for variable in group]
DECLARED = {variable.name for variable in ALL}

#: Read variables by a name they were given: the declaration itself, and ``demo``, whose names are
#: literals that it also prints. Workers write those of numeric libraries, for these to read.
READ_BY_ANY_NAME = {"engine/variables.py", "cli/showing.py", "engine/machine.py"}

#: What such a name looks like.
NAME = re.compile(
    r"\b(?:NBA|ENABLE|CIRCUIT_BREAKER|PARALLELIZATION|BIGDATABALL|BALLDONTLIE|"
    r"BETTINGPROS|ODDS)_[A-Z_]*[A-Z]\b|\b[A-Z]+_WORKERS\b"
)
#: Only tests read them, or nothing but the example of a table to add.
OF_TESTS = {"NBA_TEST_ARTIFACTS", "NBA_SHARED_DATA", "NBA_LIVE_BIGQUERY_PROJECT", "PFTF_WORKERS"}


def _reads(tree: ast.Module) -> Iterator[ast.expr]:
    """What stands where the name of a variable stands in an environment that is read or written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environment(node.value):
            yield node.slice
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (
                (
                    _is_environment(node.func.value)
                    and node.func.attr in ("get", "pop", "setdefault")
                )
                or node.func.attr == "getenv"
            )
            and node.args
        ):
            yield node.args[0]


def _is_environment(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "environ"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_reads_only_what_is_declared(path: Path) -> None:
    names = {ast.unparse(read): read for read in _reads(ast.parse(path.read_text()))}
    literal = {read.value for read in names.values() if isinstance(read, ast.Constant)}
    computed = {text for text, read in names.items() if not isinstance(read, ast.Constant)}
    assert literal <= DECLARED
    if str(path.relative_to(PACKAGE)) not in READ_BY_ANY_NAME:
        assert [text for text in computed if not text.endswith(".name")] == []


def test_a_name_in_the_documentation_is_declared() -> None:
    files = [
        *(path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file()),
        *(CHECKOUT / "docs").rglob("*.md"),
        CHECKOUT / "README.md",
        CHECKOUT / "CONTRIBUTING.md",
    ]
    named = {
        (str(path.relative_to(CHECKOUT)), name)
        for path in files
        for name in NAME.findall(path.read_text())
    }
    strangers = {name for _, name in named} - DECLARED - OF_TESTS - {*FailureCategory}
    assert {place for place in named if place[1] in strangers} == set()


def test_no_variable_is_declared_twice() -> None:
    assert sorted(DECLARED) == sorted(variable.name for variable in ALL)


def test_tables_that_share_a_variable_agree_on_what_it_is() -> None:
    own = [v for t in REGISTRY.values() for v in (t.fan_out.variable, *t.settings)]
    assert {variable.name: variable for variable in own} == {
        variable.name: variable for variable in ALL if variable in own
    }
    assert all(variable in ALL for variable in own)


@pytest.mark.parametrize("variable", ALL, ids=lambda variable: variable.name)
def test_a_variable_says_what_it_means_and_its_default_is_one_of_its_values(
    variable: Variable,
) -> None:
    assert variable.means
    assert not variable.means.endswith(".")
    assert variable.values
    if variable.words:
        assert variable.word({}) == variable.default
    elif variable.unit and variable.default:
        assert variable.number({}) == float(variable.default)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        (variable, text)
        for variable in ALL
        if variable.unit
        for text in (
            "many",
            "nan",
            "1_000",
            *((f"{variable.minimum - 1:.0f}",) if variable.minimum > -1 else ()),
            *((f"{variable.above:g}",) if variable.above > -1 else ()),
            *((f"{variable.maximum + 1:.0f}",) if variable.maximum < 1e9 else ()),
        )
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_number_beyond_its_range_is_refused_by_name(variable: Variable, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{variable.name}={text} is not a number of "):
        variable.number({variable.name: text})
