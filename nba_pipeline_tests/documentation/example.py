"""The guide to adding a table, followed in a copy of the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import CHECKOUT, DOCS, blocks_of

GUIDE = DOCS / "how-to" / "add-a-table.md"
NAME = "player_free_throw_form"

#: Where the guide says its files go.
PLACES = {
    f"{NAME}.py": Path("nba_pipeline", "tables", "precompute"),
    f"test_{NAME}.py": Path("nba_pipeline_tests", "unit", "tables", "precompute"),
}
REGISTRY = Path("nba_pipeline", "tables", "__init__.py")


def followed(folder: Path) -> Path:
    """Copy the checkout there, and do what the guide says."""
    for part in ("nba_pipeline", "nba_pipeline_tests"):
        shutil.copytree(
            CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    for block in blocks_of(GUIDE):
        if block.title:
            (folder / PLACES[block.title] / block.title).write_text(block.text)
        if block.language == "diff":
            path = folder / REGISTRY
            path.write_text(patched(path.read_text(), block.text))
    return folder


def patched(text: str, diff: str) -> str:
    """A text with the lines put in that a diff adds, each hunk at its one place."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        assert text.count(before) == 1, f"not one place in the registry:\n{before}"
        text = text.replace(before, after)
    return text
