"""Nothing from outside is run: no pickle, no YAML with objects, no code from text, no shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nba_pipeline

PACKAGE = Path(nba_pipeline.__file__).parent

#: Modules that make objects, and so run code, out of bytes.
MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
CALLS = {
    *("eval", "exec", "compile", "__import__"),
    *("os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load"),
    *("np.load", "numpy.load", "pd.read_pickle", "pandas.read_pickle"),
}
#: ``re.compile`` and the like are other functions.


def _found(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS:
                yield called
            if any(
                each.arg == "shell" and ast.unparse(each.value) != "False" for each in node.keywords
            ):
                yield f"{called}(shell=…)"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_runs_nothing_it_was_handed(path: Path) -> None:
    assert list(_found(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "yaml.load(text)",
        "subprocess.run(text, shell=True)",
        "pd.read_pickle(path)",
    ],
)
def test_what_would_is_found(code: str) -> None:
    assert len(list(_found(ast.parse(code)))) == 1
