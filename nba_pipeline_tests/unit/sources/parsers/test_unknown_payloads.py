"""Payloads that are not as they used to be: one named error, whatever is wrong with them."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_pipeline.sources.parsers import KINDS, Kind, Origin, UnknownPayloadError, parse
from nba_pipeline_tests.unit.sources.parsers.conftest import FETCHED, RECORDED, kind_named

JSON = [(title, file) for title, file in RECORDED if not file.endswith(".pdf")]
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "²",
            "9999-99-99T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "PT99M99S",
            "1e400",
            -1,
            10**30,
            "002240056x",
        ]
    ),
    st.sampled_from([[], {}, [[]], [{}], [None], {"": None}]),
)


def origin(file: str) -> Origin:
    return Origin(file, FETCHED.date(), FETCHED)


def accepts(kind: Kind, content: bytes) -> bool:
    """Whether a payload is taken; anything but the named error comes through."""
    try:
        parse(kind, content, origin("changed.json"))
    except UnknownPayloadError as error:
        refused = str(error)
    else:
        return True
    assert refused.startswith("changed.json: ")
    return False


def shortened(value: Any) -> Any:
    """A payload with at most four elements of every long list, so that many fit a test."""
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    if isinstance(value, list) and len(value) > 40:
        return [shortened(each) for each in [*value[:2], *value[-2:]]]
    return [shortened(each) for each in value] if isinstance(value, list) else value


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a payload."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, each in inside for found in places(each, (*path, key)))]


def changed(payload: Any, path: tuple[Any, ...], value: Any, drops: bool) -> Any:
    if not path:
        return value
    whole = copy.deepcopy(payload)
    inside = whole
    for key in path[:-1]:
        inside = inside[key]
    if drops:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return whole


@pytest.mark.parametrize(("title", "file"), JSON)
def test_a_changed_payload_is_taken_or_refused_by_name(recorded_bytes, title, file):
    kind, payload = kind_named(title), shortened(json.loads(recorded_bytes(file)))
    ways = places(payload)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(ways), JUNK, st.booleans())
    def change(path: tuple[Any, ...], value: Any, drops: bool) -> None:
        accepts(kind, json.dumps(changed(payload, path, value, drops)).encode())

    change()


@pytest.mark.parametrize(("title", "file"), JSON)
def test_a_payload_that_is_cut_off_is_refused(recorded_bytes, title, file):
    content = recorded_bytes(file)
    assert not accepts(kind_named(title), content[: len(content) // 2])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>Access Denied</body></html>",
        b"",
        b"null",
        b"[1, 2]",
        b"\xff\xfe\x00",
        b"[" * 9,
    ],
)
def test_what_is_no_such_payload_at_all_is_refused(kind, content):
    assert not accepts(kind, content)


def test_a_changed_pdf_is_taken_or_refused_by_name(recorded_bytes):
    kind, content = kind_named("nbac.injury_report"), recorded_bytes("nba_injury_report.pdf")

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(st.integers(0, len(content) - 1), st.binary(min_size=1, max_size=40), st.booleans())
    def change(at: int, junk: bytes, cuts: bool) -> None:
        accepts(kind, content[:at] + junk + (b"" if cuts else content[at + len(junk) :]))

    change()


def test_a_pdf_without_text_is_refused(recorded_bytes):
    with pytest.raises(UnknownPayloadError, match=r"nba_gamebook\.pdf: .*PDF"):
        parse(
            kind_named("nbac.injury_report"),
            recorded_bytes("nba_gamebook.pdf"),
            origin("nba_gamebook.pdf"),
        )


def test_the_recorded_gamebook_has_lost_bytes_that_nobody_can_bring_back(recorded_bytes):
    # Each of its compressed streams says how long it was, and is some 3,000 bytes shorter.
    content = recorded_bytes("nba_gamebook.pdf")
    numbers = dict(re.findall(rb"\n(\d+) 0 obj\n(\d+)\nendobj", content))
    found = re.finditer(rb"/Length (\d+) 0 R\n/Filter /FlateDecode\n>>\nstream\n", content)
    lost = [
        int(numbers[stream[1]]) - (content.index(b"\nendstream", stream.end()) - stream.end())
        for stream in found
    ]
    assert len(lost) == 3
    assert min(lost) > 2_500


def test_what_is_missing_is_named_with_the_way_to_it(recorded_bytes):
    payload = json.loads(recorded_bytes("nba_cdn_live_playbyplay_0022400500.json"))
    del payload["game"]["actions"][7]["clock"]
    content = json.dumps(payload).encode()
    with pytest.raises(UnknownPayloadError, match=r"f\.json: game\.actions\[7\] has no clock"):
        parse(kind_named("nbac.play_by_play"), content, origin("f.json"))
