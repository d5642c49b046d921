"""Landing zones: in a folder, and in a bucket of a real storage emulator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from upath import UPath

from nba_pipeline.sources.landing import LandingZone

ZoneAgain = Callable[[], LandingZone]


@pytest.fixture(params=["folder", "bucket"])
def zone_again(request: pytest.FixtureRequest, tmp_path: Path) -> ZoneAgain:
    """Opens the same landing zone anew at each call, as another process would."""
    if request.param == "folder":
        return lambda: LandingZone(tmp_path / "landing")
    address = request.getfixturevalue("storage_emulator")
    bucket = f"landing-{uuid.uuid4().hex[:8]}"
    options = {"token": "anon", "endpoint_url": address, "project": "nobody"}
    UPath(f"gs://{bucket}", **options).fs.mkdir(bucket)
    return lambda: LandingZone(UPath(f"gs://{bucket}/zone", skip_instance_cache=True, **options))


@pytest.fixture
def zone(zone_again: ZoneAgain) -> LandingZone:
    """An empty landing zone."""
    return zone_again()
