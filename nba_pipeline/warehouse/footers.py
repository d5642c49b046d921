"""What the files of a table say of themselves, known for as long as they are the same files.

Whoever plans asks of a season's partitions which versions they are of. So that is at hand, and what
else a file says is looked at once somebody wants to know it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from nba_pipeline.engine.protocols import Columns, Stored
from nba_pipeline.engine.read_cache import WORTH_SHELVING
from nba_pipeline.warehouse.files import footer_of, mark_of
from nba_pipeline.warehouse.versions import from_json


@dataclass(slots=True)
class _Footer:
    """What one file says; of ``text`` and ``stored`` as much as somebody wanted to know.

    Attributes:
        place: Where its text is among those that an earlier process left.
    """

    data_version: str
    mark: str
    intact: bool = True
    damage: str = ""
    text: str = ""
    stored: Stored | None = None
    place: int | None = None


class Footers:
    """What the files of one table say; any number of threads may look, and write others."""

    def __init__(self, left: Columns | None) -> None:
        """Begin with what an earlier process ``left``."""
        self._left = left
        self._new: set[date] = set()
        days, marks, versions = _columns(left, "day", "mark", "data_version")
        self._known = {
            date.fromisoformat(day): _Footer(data_version, mark, place=place)
            for place, (day, mark, data_version) in enumerate(
                zip(days.to_pylist(), marks.to_pylist(), versions.to_pylist(), strict=True)
            )
        }

    def versions(self, files: Mapping[date, str]) -> dict[date, _Footer]:
        """Which version the partition in each of some files is of."""
        found = {}
        for day, path in files.items():
            mark = mark_of(os.stat(path))  # noqa: PTH116 - of hundreds of files for every table
            known = self._known.get(day)
            found[day] = known if known and known.mark == mark else self._look(day, path, mark)
        return found

    def stored(self, files: Mapping[date, str]) -> dict[date, Stored]:
        """All that is known of the partition in each of some files."""
        return {
            day: known.stored or self._read(day, files[day], known)
            for day, known in self.versions(files).items()
        }

    def learn(self, day: date, mark: str, text: str, data_version: str) -> None:
        """Have what a file says that was just written."""
        self._known[day] = _Footer(data_version, mark, text=text)
        self._new.add(day)

    def forget(self, day: date) -> None:
        """Look at a file anew when it is asked of next."""
        self._known.pop(day, None)

    @property
    def is_worth_shelving(self) -> bool:
        """Whether an earlier process left too little of it; one file is as soon looked at."""
        return len(self._new) > max(1, WORTH_SHELVING * len(self._known))

    def shelved(self) -> pa.Table:
        """What the next process need not look up."""
        self._new.clear()
        texts = {day: self._text(footer) for day, footer in self._known.items()}
        known = {day: footer for day, footer in self._known.items() if texts[day]}
        return pa.table(
            {
                "day": [day.isoformat() for day in known],  # read in a tenth of a date's time
                "mark": [footer.mark for footer in known.values()],
                "data_version": [footer.data_version for footer in known.values()],
                "text": [texts[day] for day in known],
            }
        )

    def _look(self, day: date, path: str, mark: str) -> _Footer:
        about, text = footer_of(Path(path), mark)
        known = _Footer(about.data_version, mark, about.intact, about.damage, text, about)
        self._known[day] = known
        self._new |= {day} if about.intact else set()
        return known

    def _read(self, day: date, path: str, known: _Footer) -> Stored:
        if not self._text(known):  # what was left is damaged
            known = self._look(day, path, known.mark)
        known.stored = about = known.stored or from_json(known.text, mark=known.mark)
        return about

    def _text(self, known: _Footer) -> str:
        if not known.text and known.place is not None and len(self._texts):
            known.text = self._texts[known.place].as_py()
        return known.text

    @cached_property
    def _texts(self) -> pa.ChunkedArray:
        (texts,) = _columns(self._left, "text")
        return texts


def _columns(left: Columns | None, *names: str) -> list[pa.ChunkedArray]:
    """Some columns of what was left; without rows where one of them cannot be read."""
    nothing = pa.table({name: pa.array([], pa.string()) for name in names})
    try:
        found: list[pa.ChunkedArray] = (left or nothing).select(names).columns
    except KeyError:
        return list(nothing.columns)
    return found
