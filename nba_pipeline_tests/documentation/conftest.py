"""Pages as a reader uses them: their commands in a shell of its own, with what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"

#: What stands for anything in printed output: in a line, or as a line of its own.
ANYTHING = "…"

_BLOCK = re.compile(r"^```(\w*)(?: title=\"([^\"\n]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str


@dataclass(frozen=True)
class Step:
    """A command a page shows, with what it says comes of it."""

    command: str
    shown: Sequence[str]


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*found) for found in _BLOCK.findall(page.read_text())]


def steps_of(block: Block) -> list[Step]:
    """The commands of a ``console`` block."""
    steps: list[Step] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line.removeprefix("$ "), []))
        else:
            steps[-1] = Step(steps[-1].command, [*steps[-1].shown, line])
    return steps


def as_shown(printed: str, shown: Sequence[str]) -> bool:
    """Whether output is what a page shows, but for spaces and empty lines."""
    pattern = "".join(
        "(?:.*\n)*?" if line == ANYTHING else re.escape(line).replace(ANYTHING, ".*") + "\n"
        for line in _lines("\n".join(shown))
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed))) is not None


def _lines(text: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


@dataclass
class Shell:
    """A shell that keeps its folder and its variables from one command to the next."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> str:
        """What a command prints; that it fails is an error."""
        kept = self.folder / ".kept"
        told = subprocess.run(
            ["bash", "-c", f"set -e\n{command}\nenv -0 > {kept}\npwd >> {kept}"],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, f"{command}\n{told.stdout}{told.stderr}"
        *variables, folder = kept.read_text().split("\0")
        kept.unlink()
        self.variables = dict(entry.split("=", 1) for entry in variables)
        self.folder = Path(folder.strip())
        return told.stdout


@pytest.fixture(scope="session")
def new_shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Shell]:
    """Makes new users' shells: the programs are there, nothing is set."""
    programs = Path(sys.executable).parent

    def make() -> Shell:
        folder = tmp_path_factory.mktemp("reader")
        return Shell(
            folder,
            {
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(folder),
                "XDG_DATA_HOME": str(folder / "data"),
            },
        )

    return make


def pages() -> Iterator[Path]:
    """Every page a person wrote, README first."""
    yield CHECKOUT / "README.md"
    yield from sorted(page for page in DOCS.rglob("*.md") if DOCS / "reference" not in page.parents)
