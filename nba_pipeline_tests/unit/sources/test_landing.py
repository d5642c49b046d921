"""The landing zone, in a folder and in a bucket: nothing is overwritten, nothing is kept twice."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources import landing
from nba_pipeline.sources.landing import LandingZone, Payload

DAY = date(2025, 1, 15)
NOON = datetime(2025, 1, 15, 17, tzinfo=UTC)


def put(zone: LandingZone, content: bytes = b'{"a": 1}', **changed: Any) -> Payload | None:
    asked = {
        "source": "nbac",
        "kind": "play_by_play",
        "day": DAY,
        "name": "0022400561",
        "fetched_at": NOON,
        "request": {"url": "https://cdn.nba.com/playbyplay_0022400561.json"},
        "extension": "json",
    }
    return zone.put(content=content, **{**asked, **changed})


def listed(zone: LandingZone, days: Any = None) -> list[Payload]:
    return zone.payloads("nbac", "play_by_play", days)


def files(zone: LandingZone) -> list[str]:
    base = zone.root.path.rstrip("/") + "/"
    zone.root.fs.invalidate_cache()
    return sorted(path.removeprefix(base) for path in zone.root.fs.find(base))


# Keeping ------------------------------------------------------------------------------------------


def test_a_payload_is_kept_as_it_arrived(zone: LandingZone) -> None:
    content = '{"name": "Jokić",\r\n  "n": 1.0}\n'.encode()
    kept = put(zone, content)
    assert kept is not None
    assert zone.read(kept) == content


def test_what_is_known_about_a_payload_lies_beside_it(
    zone: LandingZone, zone_again: Callable[[], LandingZone]
) -> None:
    kept = put(zone)
    assert listed(zone_again()) == [kept]
    assert kept is not None
    assert replace(kept, path="") == Payload(
        source="nbac",
        kind="play_by_play",
        day=DAY,
        name="0022400561",
        fetched_at=NOON,
        content_hash=hashlib.sha256(b'{"a": 1}').hexdigest(),
        request={"url": "https://cdn.nba.com/playbyplay_0022400561.json"},
        path="",
        size=8,
    )


def test_a_folder_tells_source_kind_day_and_name(zone: LandingZone) -> None:
    put(zone)
    stamp, envelope = files(zone)
    folder = "nbac/play_by_play/2025-01-15/0022400561"
    assert re.fullmatch(rf"{folder}/20250115_170000_000000-[0-9a-f]{{12}}\.json", stamp)
    assert envelope == f"{folder}/revision-000001.json"


def test_a_change_is_a_new_revision_and_the_old_one_stays(zone: LandingZone) -> None:
    first = put(zone, b"one")
    second = put(zone, b"two", fetched_at=NOON + timedelta(hours=1))
    assert listed(zone) == [first, second]
    assert [zone.read(payload) for payload in listed(zone)] == [b"one", b"two"]


def test_what_is_unchanged_adds_nothing(zone: LandingZone) -> None:
    put(zone, b"one")
    before = files(zone)
    assert put(zone, b"one", fetched_at=NOON + timedelta(hours=1)) is None
    assert files(zone) == before


def test_a_change_back_is_a_revision_too(zone: LandingZone) -> None:
    for hour, content in enumerate([b"one", b"two", b"one"]):
        assert put(zone, content, fetched_at=NOON + timedelta(hours=hour)) is not None
    assert len(listed(zone)) == 3


def test_a_fetch_that_lands_late_takes_its_place_in_time(zone: LandingZone) -> None:
    second = put(zone, b"two", fetched_at=NOON + timedelta(hours=1))
    first = put(zone, b"one", fetched_at=NOON)
    assert listed(zone) == [first, second]
    assert put(zone, b"two", fetched_at=NOON + timedelta(hours=2)) is None


def test_times_are_kept_in_utc(zone: LandingZone) -> None:
    kept = put(zone, fetched_at=NOON.astimezone(timezone(timedelta(hours=-5))))
    assert kept is not None
    assert kept.fetched_at.isoformat() == "2025-01-15T17:00:00+00:00"


def test_names_and_days_do_not_mix(zone: LandingZone) -> None:
    put(zone, name="0022400561")
    put(zone, name="0022400562")
    put(zone, day=DAY + timedelta(days=1))
    put(zone, kind="schedule")
    assert [payload.name for payload in listed(zone, [DAY])] == ["0022400561", "0022400562"]
    assert len(listed(zone)) == 3


# Listing ------------------------------------------------------------------------------------------


def test_a_new_zone_is_empty(zone: LandingZone) -> None:
    assert listed(zone) == []
    assert listed(zone, [DAY]) == []
    assert zone.days("nbac", "play_by_play") == []


def test_days_are_told_in_order(zone: LandingZone) -> None:
    for step in (2, 0, 1):
        put(zone, day=DAY + timedelta(days=step))
    assert zone.days("nbac", "play_by_play") == [DAY + timedelta(days=step) for step in range(3)]


def test_what_another_process_landed_is_seen(
    zone: LandingZone, zone_again: Callable[[], LandingZone]
) -> None:
    assert listed(zone) == []
    put(zone_again(), b"theirs")
    assert len(listed(zone)) == 1
    assert zone.days("nbac", "play_by_play") == [DAY]


def test_a_payload_without_an_envelope_is_no_revision(zone: LandingZone) -> None:
    kept = put(zone, b"one")
    assert kept is not None
    zone.root.fs.pipe_file(kept.path.replace("_170000_", "_180000_"), b"half")
    assert listed(zone) == [kept]


def test_a_relative_folder_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = put(LandingZone("landing"))
    assert listed(LandingZone(tmp_path / "landing")) == [kept]
    assert listed(LandingZone("landing")) == [kept]


# Races --------------------------------------------------------------------------------------------


def race(zone_again: Callable[[], LandingZone], contents: list[bytes]) -> list[Payload | None]:
    """Land contents at once, each from a landing zone opened anew and at its own microsecond."""
    line = threading.Barrier(len(contents))

    def one(number: int) -> Payload | None:
        zone = zone_again()
        line.wait(timeout=30)
        return put(zone, contents[number], fetched_at=NOON + timedelta(microseconds=number))

    with ThreadPoolExecutor(len(contents)) as pool:
        return list(pool.map(one, range(len(contents))))


def test_one_content_landed_at_once_keeps_every_revision_readable(
    zone_again: Callable[[], LandingZone],
) -> None:
    race(zone_again, [b"same"] * 8)
    zone = zone_again()
    assert {zone.read(payload) for payload in listed(zone)} == {b"same"}


def test_different_contents_landed_at_once_are_all_kept(
    zone_again: Callable[[], LandingZone],
) -> None:
    contents = [f"content {number}".encode() for number in range(8)]
    assert None not in race(zone_again, contents)
    zone = zone_again()
    assert [zone.read(payload) for payload in listed(zone)] == contents
    assert [name for name in files(zone) if name.endswith(".tmp")] == []


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["source", "kind", "name", "extension"])
@pytest.mark.parametrize("text", ["..", "../up", "a/b", "", ".hidden", "/etc", "a\\b", "a\n", "é"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, part: str, text: str) -> None:
    zone = LandingZone(tmp_path / "landing")
    with pytest.raises(SourceError, match="cannot name a payload"):
        put(zone, **{part: text})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_no_payload(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nbac play_by_play 0022400561 of 2025-01-15: .* empty"):
        put(LandingZone(tmp_path), b"")


def test_a_payload_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "LARGEST_PAYLOAD", 10)
    assert put(LandingZone(tmp_path), b"x" * 10) is not None
    with pytest.raises(SourceError, match="11 bytes, more than 10"):
        put(LandingZone(tmp_path), b"x" * 11)


def test_a_damaged_payload_is_noticed(zone: LandingZone) -> None:
    kept = put(zone)
    assert kept is not None
    zone.root.fs.pipe_file(kept.path, b'{"a": 2}')
    with pytest.raises(SourceError, match=rf"{kept.path} is damaged"):
        zone.read(kept)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"fetched_at"', "no envelope"),
        (b"[1]", "lacks content_hash, fetched_at, file"),
        (b"{}", "lacks content_hash, fetched_at, file"),
    ],
)
def test_a_damaged_envelope_is_named(zone: LandingZone, content: bytes, said: str) -> None:
    kept = put(zone)
    assert kept is not None
    envelope = f"{kept.path.rpartition('/')[0]}/revision-000002.json"
    zone.root.fs.pipe_file(envelope, content)
    with pytest.raises(SourceError, match=rf"{envelope} is damaged: .*{said}"):
        listed(zone)


def test_a_landing_zone_that_cannot_be_used_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match=rf"landing zone cannot be used at {tmp_path}/file/"):
        put(LandingZone(tmp_path / "file"))


# Secrets ------------------------------------------------------------------------------------------


def test_an_envelope_holds_no_secret(zone: LandingZone) -> None:
    asked = {
        "url": "https://someone:planted@api.the-odds-api.com/v4/odds?apiKey=planted&regions=us",
        "apiKey": "planted",
        "Authorization": "Bearer planted",
        "x-api-key": "planted",
        "markets": "player_points",
    }
    kept = put(zone, request=asked)
    assert kept is not None
    envelope = zone.root.fs.cat_file(f"{kept.path.rpartition('/')[0]}/revision-000001.json")
    assert b"planted" not in envelope
    assert json.loads(envelope)["request"] == dict(kept.request)
    assert kept.request["url"] == "https://***@api.the-odds-api.com/v4/odds?apiKey=***&regions=us"
    assert kept.request["markets"] == "player_points"
