"""Payloads that are small and unpack to something huge, or are nested without end: refused."""

from __future__ import annotations

import io
import json
import resource
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nba_pipeline.sources.feeds import PLAYER_BOX
from nba_pipeline.sources.parsers import (
    KINDS,
    Kind,
    Origin,
    UnknownPayloadError,
    archive_feed,
    parse,
)

ORIGIN = Origin("bomb", date(2025, 1, 15), datetime(2025, 1, 16, tzinfo=UTC))
OF_KIND = {kind.title: kind for kind in KINDS}
JSON_KINDS = [k for k in KINDS if k.source != "simulated" and k.title != "nbac.injury_report"]


@contextmanager
def within(seconds: int, megabytes: int) -> Iterator[None]:
    """Holds what is done to some processor time and to a growth of memory."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < seconds
    assert (after.ru_maxrss - before.ru_maxrss) / 1024 < megabytes


def refused(kind: Kind, content: bytes) -> str:
    with pytest.raises(UnknownPayloadError) as told:
        parse(kind, content, ORIGIN)
    return told.value.problem


@pytest.mark.parametrize("kind", JSON_KINDS, ids=lambda kind: kind.title)
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"game":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"a":' + b"9" * 100_000 + b"}",
    ],
    ids=["never closed", "lists", "objects", "objects of a known name", "a number without end"],
)
def test_what_is_nested_or_written_without_end_is_no_json(kind: Kind, content: bytes) -> None:
    assert "is no JSON" in refused(kind, content)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", str(10**300)])
@pytest.mark.parametrize("kind", JSON_KINDS, ids=lambda kind: kind.title)
def test_what_is_no_number_is_no_payload(kind: Kind, number: str) -> None:
    assert refused(kind, f'{{"game": {number}, "resultSets": {number}}}'.encode())


def _parquet(columns: dict[str, pa.Array]) -> bytes:
    whole = io.BytesIO()
    pq.write_table(pa.table(columns), whole, compression="zstd")
    return whole.getvalue()


def test_a_few_kilobytes_of_parquet_with_millions_of_rows_are_refused() -> None:
    many = 2_000_000
    columns = {
        name: pa.repeat(pa.scalar(None, kind), many) for name, kind in PLAYER_BOX.required.items()
    }
    content = _parquet(columns)
    assert len(content) < 200_000
    with within(seconds=5, megabytes=200):
        said = refused(OF_KIND["simulated.player_box"], content)
    assert said == "has 2,000,000 rows, more than 1,000,000"


def test_a_long_text_said_over_and_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_feed, "_MOST_BYTES", 10_000_000)
    columns = {
        name: pa.repeat(pa.scalar("x" * 10_000 if kind == pa.string() else None, kind), 2_000)
        for name, kind in PLAYER_BOX.required.items()
    }
    content = _parquet(columns)
    assert len(content) < 1_000_000
    said = refused(OF_KIND["simulated.player_box"], content)
    assert said == "unpacks to more than 10,000,000 bytes"


# Documents ---------------------------------------------------------------------------------------


def _pdf(*objects: bytes) -> bytes:
    """A PDF of numbered objects, the first of which is its catalogue."""
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    end = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        end,
    )


def _document(drawn: bytes, pages: int = 1) -> bytes:
    """A PDF whose pages all draw the same, packed."""
    packed = zlib.compress(drawn, 9)
    kids = b" ".join([b"3 0 R"] * pages)
    return _pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: _document(b" " * 200_000_000), "cannot be read as a PDF: Limit reached"),
        (
            lambda: _document(b"BT (a) Tj ET\n" * 400_000),
            "has a page of more than 2,097,152 bytes",
        ),
        (lambda: _document(b"BT (a) Tj ET", pages=5_000), "has more than 100 pages"),
        (
            lambda: _pdf(
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 100000000 >>",
            ),
            "cannot be read as a PDF",
        ),
    ],
    ids=["packed over and over", "a page that never ends", "pages without end", "in a circle"],
)
def test_a_report_that_unpacks_to_what_no_report_holds_is_refused(
    made: Callable[[], bytes], said: str
) -> None:
    content = made()
    with within(seconds=20, megabytes=1_000):
        assert refused(OF_KIND["nbac.injury_report"], content).startswith(said)


def test_json_keeps_its_depth_where_it_is_known() -> None:
    """The limit is the interpreter's own; a payload of the depth payloads have is far below it."""
    deep: object = 1
    for _ in range(100):
        deep = {"a": [deep]}
    said = refused(OF_KIND["nbac.schedule"], json.dumps(deep).encode())
    assert said == "the payload has no leagueSchedule"
