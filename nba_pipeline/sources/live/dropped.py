"""Files somebody put into a folder, landed like what was fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from nba_pipeline.engine.errors import SourceError
from nba_pipeline.sources.landing import LARGEST_PAYLOAD
from nba_pipeline.sources.live.endpoints import FileDrop
from nba_pipeline.sources.live.reports import MemberReport
from nba_pipeline.sources.live.targets import Slate


def land_dropped(
    drop: FileDrop, slate: Slate, environ: Mapping[str, str], report: MemberReport
) -> None:
    """Land the folder's files of a day and count them in ``report``.

    Args:
        drop: Which files.
        slate: The day, and where they land.
        environ: Names the folder.
        report: What is counted in.

    Raises:
        SourceError: When there is no such folder.
    """
    folder = Path(drop.setting.text(environ)).expanduser()
    if not folder.is_dir():
        raise SourceError(f"{drop.setting.name} names {folder}, which is no folder")
    found = 0
    for path in sorted(folder.iterdir()):
        named = re.fullmatch(drop.pattern, path.name)
        if named and named["day"] == slate.day.isoformat():
            found += 1
            try:
                report.landed(_land(drop, slate, path, named["name"]))
            except (OSError, SourceError) as error:
                report.fails(f"{path}: {error}")
    if not found:
        report.nothing += 1
        report.notes.append(f"no file of {slate.day} in {folder}")


def _land(drop: FileDrop, slate: Slate, path: Path, name: str) -> bool:
    if path.stat().st_size > LARGEST_PAYLOAD:
        raise SourceError(f"more than {LARGEST_PAYLOAD:,} bytes")
    landed = slate.zone.put(
        drop.source,
        drop.kind,
        slate.day,
        name,
        path.read_bytes(),
        fetched_at=slate.now,
        request={"endpoint": drop.name, "file": path.name},
        extension=drop.extension,
    )
    return landed is not None
