"""The landing zone: payloads as they arrived, on a disk or in ``gs://``, never overwritten.

    {root}/{source}/{kind}/{YYYY-MM-DD}/{name}/
        20250115_061502_123456-0a1b2c3d4e5f.json    a payload
        revision-000001.json                        its envelope

A fetch that brought something new adds a revision. Its payload is written first and its envelope
second, under the next free number and only if nobody has taken it meanwhile: the envelope is what
makes a revision exist. Whoever loses that race looks again at what is newest. So a killed fetch
leaves at most a payload nobody lists, and two fetches of the same content add one revision.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from upath import UPath

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources.secrets import text_without_secrets, without_secrets

#: The largest payload kept, in bytes. A season's schedule, the largest of all, is a tenth of it.
LARGEST_PAYLOAD = 64 * 2**20

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+=-]{0,127}", re.ASCII)
_ENVELOPE = re.compile(r"revision-(\d{6})\.json", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_STAMP = "%Y%m%d_%H%M%S_%f"


@dataclass(frozen=True, order=True)
class _Slot:
    """What revisions are of: one thing a source tells us about one day."""

    source: str
    kind: str
    day: date
    name: str


@dataclass(frozen=True)
class Payload:
    """One revision: where it is and what is known about it, without its content.

    Attributes:
        source: Who published it, for example ``nbac``.
        kind: What it is, for example ``play_by_play``.
        day: The NBA day it was asked for.
        name: Which of the day's: a game's or an event's id, or ``all``.
        fetched_at: When it was fetched, UTC.
        content_hash: SHA-256 of the content, in hexadecimal.
        request: What was asked, without secrets.
        path: Where the content is.
        size: Bytes of content.
    """

    source: str
    kind: str
    day: date
    name: str
    fetched_at: datetime
    content_hash: str
    request: Mapping[str, str]
    path: str
    size: int


class LandingZone:
    """Keeps payloads under one root; any number of processes may read and write."""

    def __init__(self, root: str | Path | UPath) -> None:
        """Use ``root``, a folder or ``gs://bucket/prefix``; nothing is opened or made yet."""
        self.root = UPath(root).absolute()
        self._known: dict[str, Payload] = {}

    # Writing -------------------------------------------------------------------------------------

    def put(
        self,
        source: str,
        kind: str,
        day: date,
        name: str,
        content: bytes,
        *,
        fetched_at: datetime,
        request: Mapping[str, str],
        extension: str,
    ) -> Payload | None:
        """Keep a payload, unless it says what the newest revision before it said.

        Args:
            source: Who published it.
            kind: What it is.
            day: The NBA day it was asked for.
            name: Which of the day's.
            content: The payload as it arrived.
            fetched_at: When it was fetched; an instant with a time zone.
            request: What was asked; secrets are taken out.
            extension: How the file's name ends, without a dot.

        Returns:
            The new revision, or None where there is nothing new.

        Raises:
            SourceError: When a name could lead out of the folder, the payload is empty or too
                large, or the landing zone cannot be written.
        """
        slot = _Slot(_word(source), _word(kind), day, _word(name))
        _check_size(slot, content)
        digest = hashlib.sha256(content).hexdigest()
        moment = fetched_at.astimezone(UTC)
        told = {
            "fetched_at": moment.isoformat(),
            "content_hash": digest,
            "size": len(content),
            "file": f"{moment.strftime(_STAMP)}-{digest[:12]}.{_word(extension)}",
            "request": without_secrets(request),
        }
        while True:
            taken, revisions = self._revisions(slot)
            before = [known for known in revisions if known.fetched_at <= moment]
            if before and before[-1].content_hash == digest:
                return None
            if not self._create(f"{self._folder(slot)}/{told['file']}", content):
                raise SourceError(f"{self._folder(slot)}/{told['file']} is damaged: remove it")
            envelope = f"{self._folder(slot)}/revision-{taken + 1:06d}.json"
            if self._create(envelope, json.dumps(told, indent=1).encode()):
                return self._payload(slot, envelope, told)

    def _create(self, path: str, content: bytes) -> bool:
        """Write a file that must not exist yet, whole or not at all.

        Returns:
            False when somebody else's file has that name; True also when it holds just this
            content, as after an upload whose answer was lost and which was sent again.
        """
        fs = self.root.fs
        with _told(path):
            try:
                if "file" in fs.protocol:
                    _create_on_disk(Path(path), content)
                else:
                    fs.pipe_file(path, content, mode="create")
            except FileExistsError:
                return bool(fs.cat_file(path) == content)
        return True

    # Reading -------------------------------------------------------------------------------------

    def payloads(
        self, source: str, kind: str, days: Collection[date] | None = None
    ) -> list[Payload]:
        """Every revision of what a source told, oldest first.

        Args:
            source: Who published it.
            kind: What it is.
            days: Of which NBA days; of all when omitted.

        Raises:
            SourceError: When the landing zone cannot be read.
        """
        folder = f"{self._base}/{_word(source)}/{_word(kind)}"
        if days is None:
            folders = [folder]
        else:
            folders = [f"{folder}/{day.isoformat()}" for day in sorted(set(days))]
        found = [payload for place in folders for payload in self._listed(place).values()]
        return sorted(found, key=lambda payload: (payload.fetched_at, payload.path))

    def days(self, source: str, kind: str) -> list[date]:
        """The NBA days a source told something about, in order."""
        folder = f"{self._base}/{_word(source)}/{_word(kind)}"
        fs = self.root.fs
        with _told(folder):
            fs.invalidate_cache()
            found = fs.ls(folder, detail=False) if fs.exists(folder) else []
        names = [_last(path.rstrip("/")) for path in found]
        return sorted(date.fromisoformat(name) for name in names if _DAY.fullmatch(name))

    def read(self, payload: Payload) -> bytes:
        """A payload's content, as it arrived.

        Raises:
            SourceError: When it cannot be read or is not what was fetched.
        """
        with _told(payload.path):
            content = bytes(self.root.fs.cat_file(payload.path))
        if hashlib.sha256(content).hexdigest() != payload.content_hash:
            raise SourceError(f"{payload.path} is damaged: it no longer is what was fetched")
        return content

    # Listing -------------------------------------------------------------------------------------

    def _revisions(self, slot: _Slot) -> tuple[int, list[Payload]]:
        """The highest number taken in a slot, and its revisions by time."""
        found = self._listed(self._folder(slot))
        numbers = (int(_last(envelope)[-11:-5]) for envelope in found)
        return max(numbers, default=0), sorted(found.values(), key=lambda known: known.fetched_at)

    def _listed(self, folder: str) -> dict[str, Payload]:
        """The revisions under a folder by their envelopes, in order of the envelopes' names."""
        fs = self.root.fs
        with _told(folder):
            # Others write here, too: what was listed before says nothing about now.
            fs.invalidate_cache()
            found = [path for path in sorted(fs.find(folder)) if _ENVELOPE.fullmatch(_last(path))]
            new = [path for path in found if path not in self._known]
            # One call for all of them: in a bucket they are fetched side by side.
            contents: Mapping[str, bytes] = fs.cat(new) if new else {}
        for path in new:
            self._known[path] = self._payload(self._slot(path), path, _parsed(path, contents[path]))
        return {path: self._known[path] for path in found}

    @property
    def _base(self) -> str:
        return self.root.path.rstrip("/")

    def _folder(self, slot: _Slot) -> str:
        return f"{self._base}/{slot.source}/{slot.kind}/{slot.day.isoformat()}/{slot.name}"

    def _slot(self, envelope: str) -> _Slot:
        source, kind, day, name = envelope.rsplit("/", 5)[-5:-1]
        if not _DAY.fullmatch(day):
            raise SourceError(f"{envelope} does not lie in the folder of a payload of a day")
        return _Slot(source, kind, date.fromisoformat(day), name)

    def _payload(self, slot: _Slot, envelope: str, told: Mapping[str, Any]) -> Payload:
        return Payload(
            source=slot.source,
            kind=slot.kind,
            day=slot.day,
            name=slot.name,
            fetched_at=datetime.fromisoformat(told["fetched_at"]),
            content_hash=told["content_hash"],
            request=told["request"],
            path=f"{envelope.rpartition('/')[0]}/{told['file']}",
            size=told["size"],
        )


def _word(text: str) -> str:
    """A part of a path that cannot lead anywhere else.

    Raises:
        SourceError: When it could.
    """
    if not _WORD.fullmatch(text):
        raise SourceError(
            f"{text!r} cannot name a payload: letters, digits and _.+=- only, a letter or digit "
            "first, 128 at the most"
        )
    return text


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _check_size(slot: _Slot, content: bytes) -> None:
    what = f"{slot.source} {slot.kind} {slot.name} of {slot.day}"
    if not content:
        raise SourceError(f"{what}: the payload is empty")
    if len(content) > LARGEST_PAYLOAD:
        raise SourceError(
            f"{what}: the payload has {len(content):,} bytes, more than {LARGEST_PAYLOAD:,}"
        )


def _parsed(path: str, content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
        missing = {"fetched_at", "content_hash", "size", "file", "request"} - set(told)
    except (ValueError, TypeError) as error:
        raise SourceError(f"{path} is damaged: it is no envelope of a payload") from error
    if missing:
        raise SourceError(f"{path} is damaged: it lacks {', '.join(sorted(missing))}")
    return dict(told)


def _create_on_disk(path: Path, content: bytes) -> None:
    """Create a file whole or not at all; a bucket does so by itself.

    Raises:
        FileExistsError: When the name is taken.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A rename would replace what is there; a second name for the file would not.
        os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Say what the storage could not do in one sentence."""
    try:
        yield
    except FileExistsError:
        raise
    except _storage_errors(path) as error:
        said = text_without_secrets(str(error)) or type(error).__name__
        raise SourceError(f"the landing zone cannot be used at {path}: {said}") from error


def _storage_errors(path: str) -> tuple[type[Exception], ...]:
    """What a storage raises when it cannot do what it is asked."""
    if path.startswith("/"):
        return (OSError,)
    # A bucket's client has families of its own for refusals, transport and credentials.
    from aiohttp import ClientError
    from gcsfs.retry import HttpError
    from google.auth.exceptions import GoogleAuthError

    return (OSError, HttpError, ClientError, GoogleAuthError)
