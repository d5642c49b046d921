"""A PostgreSQL of this machine, started for a test: on loopback, on a free port, for itself."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Where distributions keep the programs of one version of the server.
_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")


@dataclass(frozen=True)
class Database:
    """A running server with one database, which belongs to one user of the same name."""

    programs: Path
    port: int
    name: str
    password: str

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        import psycopg2

        connected = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.name,
            password=self.password,
            dbname=self.name,
        )
        with closing(connected) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


@contextmanager
def postgres(name: str, password: str) -> Iterator[Database]:
    """A server that asks for the password and is gone afterwards, with all it kept.

    Args:
        name: Of its user and of its database.
        password: The user's.
    """
    programs, port = _programs(), free_port()
    with tempfile.TemporaryDirectory(prefix="nba-postgres-") as folder:
        data, secret = Path(folder, "data"), Path(folder, "secret")
        secret.write_text(password)
        owner = _owner()
        if owner:
            for path in (folder, secret):
                shutil.chown(path, owner)
        server = _Server(programs, data, owner, {"PGPASSWORD": password})
        server.do("initdb", "--username", name, "--pwfile", str(secret), "--auth=scram-sha-256")
        # Nothing that it keeps outlives the test, so nothing has to reach the disk.
        settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories="
        server.do("pg_ctl", "start", "--wait", "--log", f"{folder}/log", "-o", f"{settings} -F")
        try:
            at = ("--host", "127.0.0.1", "--port", str(port), "--username", name)
            server.do("createdb", *at, name)
            yield Database(programs, port, name, password)
        finally:
            server.do("pg_ctl", "stop", "--wait", "--mode", "immediate")


@dataclass(frozen=True)
class _Server:
    programs: Path
    data: Path
    owner: str | None
    environment: dict[str, str]

    def do(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self.programs / program), *words],
            check=True,
            # A file: the server inherits it, and would keep a pipe open for as long as it runs.
            stdout=subprocess.DEVNULL,
            cwd=self.data.parent,
            env={**os.environ, **self.environment, "PGDATA": str(self.data)},
            user=self.owner,
            timeout=120,
        )


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _programs() -> Path:
    """The folder of the newest server's programs."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path for folder in _FOLDERS for path in Path("/").glob(f"{folder}/initdb")]
    if not found:
        pytest.skip("no PostgreSQL to keep Dagster's events in: install the package postgresql")
    return max(found, key=_version).parent


def _version(initdb: Path) -> Sequence[int]:
    said = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=True).stdout
    return [int(part) for part in said.split()[2].split(".") if part.isdigit()]


def _owner() -> str | None:
    """Who runs the server where that must not be the caller: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("no PostgreSQL to keep Dagster's events in: it refuses root and there is nobody")
