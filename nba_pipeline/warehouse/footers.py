"""What the files of a table say of themselves, known for as long as they are the same files.

Whoever plans asks of a season's partitions which versions they are of. So that is at hand, and what
else a file says is looked at once somebody wants to know it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from nba_pipeline.engine.protocols import Columns, Stored
from nba_pipeline.engine.read_cache import WORTH_SHELVING
from nba_pipeline.warehouse.files import file_name, footer_of, mark_of, marker_name
from nba_pipeline.warehouse.versions import from_json

# So long after a folder changed, another change gives it another time on any file system.
_SETTLED_NS = 2 * 10**9


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

    def __init__(self, folder: str, left: Columns | None) -> None:
        """Of the files in ``folder``, beginning with what an earlier process ``left``."""
        self._folder, self._left = folder, left
        # What the folder held when it was looked through, and which files were looked at since.
        self._changed_ns: int | None = None
        self._names: set[str] = set()
        self._at_hand: dict[date, _Footer] = {}
        self._new: set[date] = set()
        days, marks, versions = _columns(left, "day", "mark", "data_version")
        self._known = {
            date.fromisoformat(day): _Footer(data_version, mark, place=place)
            for place, (day, mark, data_version) in enumerate(
                zip(days.to_pylist(), marks.to_pylist(), versions.to_pylist(), strict=True)
            )
        }

    def path(self, day: date) -> str:
        """The file of a partition."""
        return f"{self._folder}{os.sep}{file_name(day)}"

    def versions(self, days: Iterable[date]) -> dict[date, _Footer]:
        """Which version each partition among ``days`` is of that has a file."""
        self._look_through_folder()
        found = {}
        for day in days:
            if known := self._at_hand.get(day) or self._looked_at(day):
                found[day] = known
        return found

    def stored(self, days: Iterable[date]) -> dict[date, Stored]:
        """All that is known of each partition among ``days`` that has a file."""
        return {
            day: known.stored or self._read(day, known)
            for day, known in self.versions(days).items()
        }

    def learn(self, day: date, mark: str, text: str, data_version: str) -> None:
        """Have what a file says that was just written."""
        self._known[day] = _Footer(data_version, mark, text=text)
        self._new.add(day)

    def forget(self, day: date) -> None:
        """Look at a file anew when it is asked of next."""
        self._known.pop(day, None)
        self._at_hand.pop(day, None)

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

    def _look_through_folder(self) -> None:
        """Forget which files were looked at, unless none was put in or taken out since."""
        try:
            changed = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - asked for every table
            if changed == self._changed_ns:
                return
            self._names = set(os.listdir(self._folder))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            changed, self._names = 0, set()
        self._at_hand.clear()
        # Two files put in within one tick of the clock leave the same time.
        settled = time.time_ns() - changed > _SETTLED_NS
        self._changed_ns = changed if settled else None

    def _looked_at(self, day: date) -> _Footer | None:
        name = file_name(day)
        if name not in self._names:
            return None
        mark = mark_of(os.stat(f"{self._folder}{os.sep}{name}"))  # noqa: PTH116
        known = self._known.get(day)
        # Whoever found a file damaged may be another process: what was known is not believed.
        if not known or known.mark != mark or marker_name(name) in self._names:
            known = self._look(day, mark)
        self._at_hand[day] = known
        return known

    def _look(self, day: date, mark: str) -> _Footer:
        about, text = footer_of(Path(self.path(day)), mark)
        known = _Footer(about.data_version, mark, about.intact, about.damage, text, about)
        self._known[day] = self._at_hand[day] = known
        self._new |= {day} if about.intact else set()
        return known

    def _read(self, day: date, known: _Footer) -> Stored:
        if not self._text(known):  # what was left is damaged
            known = self._look(day, known.mark)
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
    if left is None:
        return [pa.chunked_array([], pa.string()) for _ in names]
    try:
        return list(left.select(names).columns)
    except KeyError:
        return _columns(None, *names)
