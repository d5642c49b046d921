"""nba.com's official injury report, a PDF that is published anew several times a day.

Its words are read with their place on the page: a word belongs to the column it stands in, and
columns are known by the heading of the first page. A team that has not handed in its list says
nothing about anybody.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from nba_pipeline.domain.teams import UnknownTeamError, tricode
from nba_pipeline.sources.parsers.nbac_schedule import eastern
from nba_pipeline.sources.parsers.shape import Origin, Parsed, Row, UnknownPayloadError

STATUSES = ("out", "doubtful", "questionable", "probable", "available")

_HEADING = [
    "Game",
    "Date",
    "Game",
    "Time",
    "Matchup",
    "Team",
    "Player",
    "Name",
    "Current",
    "Status",
]
#: Place of the first word of each column in the heading.
_COLUMNS = {"date": 0, "time": 2, "matchup": 4, "team": 5, "player": 6, "status": 8, "reason": 10}
_TITLE = re.compile(r"Injury Report: (\d{2}/\d{2}/\d{2}) (\d{1,2}:\d{2}) ?([AP]M)", re.ASCII)
_DAY = re.compile(r"\d{2}/\d{2}/\d{4}", re.ASCII)
_MATCHUP = re.compile(r"([A-Z]{3})@([A-Z]{3})", re.ASCII)
_HYPHEN = re.compile(r"(?<=\w)- (?=\w)")
_NOT_SUBMITTED = "NOT YET SUBMITTED"
# A word may begin a little left of its heading.
_SLACK = 3.0
# The longest report of a season has a tenth of the pages, and none of them a tenth of the bytes.
_MOST_PAGES, _MOST_PAGE_BYTES = 100, 2 * 2**20


@dataclass(frozen=True)
class Word:
    """A word and where it begins, in points from the left and from the bottom of its page."""

    x: float
    y: float
    text: str


def injury_report(content: bytes, origin: Origin) -> Parsed:
    """Who is out, doubtful, questionable, probable or available, by game."""
    pages = words_of(content, origin)
    title = " ".join(word.text for word in pages[0][:5])
    return {"injury_reports": list(_rows(pages, _moment(title, origin), origin))}


def words_of(content: bytes, origin: Origin) -> list[list[Word]]:
    """The words of each page of a PDF, in reading order.

    Raises:
        UnknownPayloadError: When it is no PDF, damaged, holds no text, or unpacks to more than any
            report holds.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends we refuse or take
    pages: list[list[Word]] = []
    try:
        reader = PdfReader(io.BytesIO(content))
        if len(reader.pages) > _MOST_PAGES:
            raise UnknownPayloadError(origin.file, f"has more than {_MOST_PAGES} pages")
        for page in reader.pages:
            drawn = page.get_contents()
            if drawn is not None and len(drawn.get_data()) > _MOST_PAGE_BYTES:
                raise UnknownPayloadError(
                    origin.file, f"has a page of more than {_MOST_PAGE_BYTES:,} bytes"
                )
            words: list[Word] = []

            def seen(
                text: str, at: list[float], to: list[float], *_: object, into: list[Word] = words
            ) -> None:
                x, y = to[4] * at[0] + at[4], to[5] * at[3] + at[5]
                into.extend(Word(x, y, part) for part in text.split())

            page.extract_text(visitor_text=seen)
            pages.append(words)
    except (PyPdfError, *_DAMAGE) as error:
        raise UnknownPayloadError(origin.file, f"cannot be read as a PDF: {error}") from error
    if not any(pages):
        raise UnknownPayloadError(origin.file, "is a PDF without any text, or a damaged one")
    return [words for words in pages if words]


# What the library lets through of a file that is cut or altered somewhere in the middle.
_DAMAGE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError),
    *(RecursionError, AssertionError, NotImplementedError, OSError, EOFError),
)


def _moment(title: str, origin: Origin) -> datetime:
    found = _TITLE.search(title)
    if found is None:
        raise UnknownPayloadError(origin.file, f"does not begin as an injury report: {title!r:.80}")
    return eastern(_told(" ".join(found.groups()), "%m/%d/%y %I:%M %p", origin))


def _told(text: str, form: str, origin: Origin) -> datetime:
    """A moment on the Eastern clock, without a zone as it is written."""
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError as error:
        raise UnknownPayloadError(origin.file, f"has no date where it says {text!r}") from error


@dataclass
class _Where:
    """How far down the table one is: day, game and team hold until the next one is named."""

    day: date | None = None
    matchup: tuple[str, str] | None = None
    team: list[str] = field(default_factory=list)


def _rows(pages: Sequence[Sequence[Word]], moment: datetime, origin: Origin) -> Iterator[Row]:
    starts = _column_starts(pages[0], origin)
    where, line, before = _Where(), dict[str, list[str]](), ""
    for word in (word for page in pages for word in page if _in_table(word, page)):
        column = max(
            (name for name, x in starts.items() if word.x >= x - _SLACK),
            key=lambda name: starts[name],
            default="date",
        )
        if column != before and column in ("date", "time", "matchup", "team", "player"):
            yield from _finished(line, where, moment, origin)
            line = {}
        _take(column, word.text, where, line, is_new=column != before, origin=origin)
        before = column
    yield from _finished(line, where, moment, origin)


def _column_starts(words: Sequence[Word], origin: Origin) -> dict[str, float]:
    texts = [word.text for word in words]
    for at in range(len(texts) - len(_HEADING)):
        if texts[at : at + len(_HEADING) + 1] == [*_HEADING, "Reason"]:
            return {name: words[at + place].x for name, place in _COLUMNS.items()}
    raise UnknownPayloadError(origin.file, f"has no heading {' '.join(_HEADING)}")


def _in_table(word: Word, page: Sequence[Word]) -> bool:
    """Whether a word is part of the table: neither title, page number nor heading."""
    if any(word.y == other.y and other.text in ("Report:", "Page") for other in page):
        return False
    return not any(word.y == other.y and other.text == "Matchup" for other in page)


def _take(
    column: str,
    text: str,
    where: _Where,
    line: dict[str, list[str]],
    *,
    is_new: bool,
    origin: Origin,
) -> None:
    if column == "date":
        if not _DAY.fullmatch(text):
            raise UnknownPayloadError(origin.file, f"has no date where one should be: {text!r:.40}")
        where.day = _told(text, "%m/%d/%Y", origin).date()
    elif column == "matchup":
        found = _MATCHUP.fullmatch(text)
        if found is None:
            raise UnknownPayloadError(origin.file, f"has no matchup where one should be: {text!r}")
        where.matchup = found[1], found[2]
    elif column == "team":
        where.team = [text] if is_new else [*where.team, text]
    elif column != "time":
        line.setdefault(column, []).append(text)


def _finished(
    line: dict[str, list[str]], where: _Where, moment: datetime, origin: Origin
) -> Iterator[Row]:
    """The row of a player whose line has ended; a team's own line says it has handed in nothing."""
    if not line:
        return
    # A word broken at its hyphen is two words on the page.
    said = {column: _HYPHEN.sub("-", " ".join(texts)) for column, texts in line.items()}
    if "player" not in said:
        if said.get("reason") != _NOT_SUBMITTED:
            raise UnknownPayloadError(origin.file, f"has a line about nobody: {said!r:.80}")
        return
    status = said.get("status", "").lower()
    if status not in STATUSES or where.day is None or where.matchup is None:
        raise UnknownPayloadError(origin.file, f"has an incomplete line: {said!r:.80}")
    try:
        team = tricode(" ".join(where.team))
    except UnknownTeamError as error:
        raise UnknownPayloadError(origin.file, str(error)) from error
    yield {
        "date": where.day,
        "reported_at": moment,
        "away_team_abbr": where.matchup[0],
        "home_team_abbr": where.matchup[1],
        "team": team,
        "player_name": said["player"],
        "status": status,
        "reason": said.get("reason"),
    }
