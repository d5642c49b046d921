"""What the files of a table say of themselves, known for as long as they are the same files.

Whoever plans asks of a season's partitions which versions they are of. So that is at hand, and what
else a file says is looked at once somebody wants to know it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from nba_pipeline.engine.protocols import Columns, Stored
from nba_pipeline.engine.read_cache import WORTH_SHELVING
from nba_pipeline.warehouse.files import footer_of, mark_of
from nba_pipeline.warehouse.versions import from_json


@dataclass(slots=True)
class _Footer:
    """What one file says; of ``text`` and ``stored`` as much as somebody wanted to know."""

    data_version: str
    mark: str
    intact: bool = True
    damage: str = ""
    text: str = ""
    stored: Stored | None = None


class Footers:
    """What the files of one table say; any number of threads may look, and write others."""

    def __init__(self, left: Columns | None) -> None:
        """Begin with what an earlier process ``left``."""
        self._left = left
        self._new: set[date] = set()
        self._known = {
            date.fromisoformat(day): _Footer(data_version, mark)
            for day, mark, data_version in _rows(left, "day", "mark", "data_version")
        }

    def version(self, day: date, path: str) -> _Footer:
        """Which version the partition in a file is of."""
        mark = mark_of(os.stat(path))  # noqa: PTH116 - asked of hundreds of files for every table
        known = self._known.get(day)
        return known if known and known.mark == mark else self._looked_up(day, path, mark)

    def stored(self, day: date, path: str) -> Stored:
        """All that is known of the partition in a file."""
        known = self.version(day, path)
        if not known.stored and not known.text:
            self._take_texts()
            if not known.text:
                known = self._looked_up(day, path, known.mark)
        if not known.stored:
            known.stored = from_json(known.text, mark=known.mark)
        return known.stored

    def learn(self, day: date, mark: str, text: str, data_version: str) -> None:
        """Have what a file says that was just written."""
        self._known[day] = _Footer(data_version, mark, text=text)
        self._new.add(day)

    def forget(self, day: date) -> None:
        """Look at a file anew when it is asked of next."""
        self._known.pop(day, None)

    @property
    def is_worth_shelving(self) -> bool:
        """Whether an earlier process left too little of it."""
        return len(self._new) > WORTH_SHELVING * len(self._known)

    def shelved(self) -> pa.Table:
        """What the next process need not look up."""
        self._take_texts()
        self._new.clear()
        known = {day: footer for day, footer in self._known.items() if footer.text}
        return pa.table(
            {
                "day": [day.isoformat() for day in known],  # read in a tenth of a date's time
                "mark": [footer.mark for footer in known.values()],
                "data_version": [footer.data_version for footer in known.values()],
                "text": [footer.text for footer in known.values()],
            }
        )

    def _looked_up(self, day: date, path: str, mark: str) -> _Footer:
        about, text = footer_of(Path(path), mark)
        known = _Footer(about.data_version, mark, about.intact, about.damage, text, about)
        self._known[day] = known
        self._new |= {day} if about.intact else set()
        return known

    def _take_texts(self) -> None:
        """Have the texts that an earlier process left, of those files that are still the same."""
        left, self._left = self._left, None
        for day, mark, text in _rows(left, "day", "mark", "text"):
            known = self._known.get(date.fromisoformat(day))
            if known and known.mark == mark:
                known.text = text


def _rows(left: Columns | None, *columns: str) -> Iterable[tuple[Any, ...]]:
    """Some columns of what was left, row by row; nothing where one of them cannot be read."""
    try:
        found = left.select(columns).columns if left else []
    except KeyError:
        return []
    return zip(*(column.to_pylist() for column in found), strict=True)
