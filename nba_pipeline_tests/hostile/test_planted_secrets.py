"""A secret planted in every variable that holds one is nowhere afterwards, whatever went wrong."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nba_pipeline.catalogue import VARIABLES
from nba_pipeline.sources.live.hosts import HOSTS
from nba_pipeline_tests.inside import inside

PLANTED = "pLaNtEd-s3cr3t"
SECRETS = [each.name for group in VARIABLES.values() for each in group if each.is_secret]


class _Mirror(BaseHTTPRequestHandler):
    """Refuses whatever is asked, and says all it was told."""

    def do_GET(self) -> None:
        body = f"{self.path}\n{self.headers}".encode()
        self.send_response(403, "you said " + self.path.encode("ascii", "replace").decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def mirror() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Mirror) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _planted(name: str, mirror: str) -> str:
    """A value as the variable wants it, with the secret in it."""
    if "CREDENTIALS" in name:
        return base64.b64encode(f'{{"private_key": "{PLANTED}"}}'.encode()).decode()
    if name == "NBA_PROXY_URL":
        return mirror.replace("://", f"://someone:{PLANTED}@")
    return f"{mirror}/{PLANTED}" if "URL" in name or "WEBHOOK" in name else PLANTED


@pytest.fixture(scope="module")
def commands(mirror: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder after commands that failed in many ways, and all they said."""
    folder = tmp_path_factory.mktemp("planted")
    kept = {n: t for n, t in os.environ.items() if not n.startswith(("NBA_", "DAGSTER_"))}
    environ = {
        **kept,
        **{name: _planted(name, mirror) for name in SECRETS},
        **{f"NBA_URL_{name.upper()}": f"{mirror}/{name}" for name in HOSTS},
        "NBA_WAREHOUSE_DIR": str(folder / "warehouse"),
        "NBA_LANDING_ROOT": str(folder / "landing"),
        "DAGSTER_HOME": str(folder / "dagster"),
    }
    told = [_ingested(environ, folder)]
    for words, more in (
        (["run", "--date", "2025-11-12", "--only", "--select", "nbac_schedule"], {}),
        (["query", "select 1"], {"NBA_WAREHOUSE": "bigquery", "NBA_BIGQUERY_PROJECT": "p"}),
        (["query", "select getenv('ODDS_API_KEY')"], {}),
    ):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("nba-pipeline")), *words],
            env={**environ, **more},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in (0, 1, 2)
        assert "Traceback" not in done.stderr, done.stderr[-2_000:]
        told.append(done.stdout + done.stderr)
    return folder, "\n".join(told)


def _ingested(environ: Mapping[str, str], folder: Path) -> str:
    """What is said of a fetch from every host at once, for a mirror needs no rest."""
    with pytest.MonkeyPatch.context() as patched:
        for name, host in HOSTS.items():
            patched.setitem(HOSTS, name, replace(host, pause=0.0))
        code, out, err = inside(["ingest", "--date", "2025-01-15"], environ, folder)
    assert code == 1
    return out + err


def test_every_secret_is_planted() -> None:
    assert {"ODDS_API_KEY", "BETTINGPROS_API_KEY", "BALLDONTLIE_API_KEY", "NBA_PROXY_URL"} <= {
        *SECRETS
    }


def _hidden() -> set[str]:
    """The ways a secret may be written."""
    packed = base64.b64encode(f'{{"private_key": "{PLANTED}"}}'.encode()).decode()
    return {PLANTED, packed, base64.b64encode(f"someone:{PLANTED}".encode()).decode()}


def test_no_secret_is_said(commands: tuple[Path, str]) -> None:
    _, said = commands
    assert "403" in said
    assert [secret for secret in _hidden() if secret in said] == []


def test_no_secret_is_kept(commands: tuple[Path, str]) -> None:
    folder, _ = commands
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "event_log.db" for path in files)
    holding = [
        path
        for path in files
        for content in [path.read_bytes()]
        if any(secret.encode() in content for secret in _hidden())
    ]
    assert holding == []
