"""Tables, links and code as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, ended by an empty line; nothing where there are no rows."""
    lines = [_line(row) for row in rows]
    if not lines:
        return ""
    return "\n".join([_line(heads), _line(["---"] * len(heads)), *lines, "", ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def code(text: str) -> str:
    """A name or a value, as it is typed; nothing stays nothing."""
    return f"`{text}`" if text else ""


def codes(names: Iterable[str]) -> str:
    """Several of them."""
    return ", ".join(code(name) for name in names)


def plain(text: str) -> str:
    """Words of a declaration, with what Markdown or HTML would take for its own escaped."""
    for mark in ("\\", "*", "_", "<", ">", "["):
        text = text.replace(mark, f"\\{mark}")
    return text


def prose(docstring: str) -> str:
    """A docstring as Markdown: its double backticks are code already, its paragraphs stay."""
    paragraphs = docstring.strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in paragraphs).replace("``", "`")
