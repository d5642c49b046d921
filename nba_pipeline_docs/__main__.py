"""Write the reference: every page that follows from what the code declares.

    python -m nba_pipeline_docs docs/reference

The folder is made anew each time; nothing in it is kept under version control.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from nba_pipeline_docs import (
    automation,
    benchmarks,
    commands,
    environment,
    failures,
    graph,
    processing,
    sources,
    tables,
)

_INDEX = """\
# Reference

Every page here is written from the code when the site is built, so it says what the installed
version does.

| Page | What it holds |
|---|---|
{pages}
"""


def pages() -> dict[str, str]:
    """Every page by its path, in the order of the navigation."""
    made = {
        "commands.md": commands.page(),
        "environment.md": environment.page(),
        "graph.md": graph.page(),
        **tables.pages(),
        "processing.md": processing.page(),
        "failures.md": failures.page(),
        "feeds.md": sources.feeds_page(),
        "payloads.md": sources.payloads_page(),
        "workflows.md": sources.workflows_page(),
        "automation.md": automation.page(),
        "benchmarks.md": benchmarks.page(),
    }
    return {"index.md": _index(made), **made}


def _index(made: Mapping[str, str]) -> str:
    """A line for each page: its title, and its first sentence."""
    listed = []
    for path, text in made.items():
        if path.startswith("tables/") and path != tables.INDEX:
            continue
        title, first, *_ = (part for part in text.split("\n\n") if part)
        sentence = " ".join(first.split()).split(". ")[0].removesuffix(".")
        listed.append(f"| [{title.removeprefix('# ')}]({path}) | {sentence} |")
    return _INDEX.format(pages="\n".join(listed))


def write(folder: Path) -> int:
    """Make the folder anew, with every page in it; how many there are."""
    shutil.rmtree(folder, ignore_errors=True)
    made = pages()
    for path, text in made.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return len(made)


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]))} pages of reference\n")
