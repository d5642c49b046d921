"""The compose file as its reader would run it, and its services as processes of this machine.

There is no container: a service's command, environment and health check are taken from the files
word by word, and only what names a container (hosts, ports, folders) is put in other words.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from database import Database, free_port
from serving import START_SECONDS, wait

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"

_VARIABLE = re.compile(r"\$(\$)|\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def services(settings: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its anchors and variables resolved.

    Args:
        settings: What its ``.env`` says.

    Raises:
        KeyError: When a variable that it insists on is not set.
    """

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: resolved(part) for name, part in value.items()}
        if isinstance(value, list):
            return [resolved(part) for part in value]
        return _VARIABLE.sub(filled, value) if isinstance(value, str) else value

    def filled(found: re.Match[str]) -> str:
        dollar, name, operator, text = found.groups()
        if dollar:
            return "$"
        is_set = bool(settings.get(name)) if ":" in (operator or "") else name in settings
        if is_set or not operator:
            return settings.get(name, "")
        if operator.endswith("?"):
            raise KeyError(f"{name}: {text}")
        return str(text)

    described: dict[str, Any] = resolved(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))
    return described


@dataclass(frozen=True)
class Dockerfile:
    """What the image says of itself."""

    text: str = field(default_factory=lambda: (DEPLOY / "Dockerfile").read_text())

    @cached_property
    def instructions(self) -> list[tuple[str, str]]:
        """Each instruction with its arguments, lines joined."""
        lines = [line for line in self.text.splitlines() if line and not line.startswith("#")]
        joined = "\n".join(lines).replace("\\\n", "")
        return [tuple(line.split(maxsplit=1)) for line in joined.splitlines()]  # type: ignore[misc]

    def of(self, name: str) -> list[str]:
        """The arguments of every instruction of a kind."""
        return [arguments for kind, arguments in self.instructions if kind == name]

    @property
    def command(self) -> list[str]:
        """What a container runs that is told nothing else."""
        (words,) = self.of("CMD")
        return list(json.loads(words))

    @property
    def health_check(self) -> list[str]:
        """The command that tells whether it is well."""
        (arguments,) = self.of("HEALTHCHECK")
        return list(json.loads(arguments.partition("CMD ")[2]))

    @property
    def environment(self) -> dict[str, str]:
        """The variables it sets, ``PATH`` apart."""
        pairs = [pair.split("=", 1) for text in self.of("ENV") for pair in text.split()]
        return {name: text for name, text in pairs if name != "PATH"}


@dataclass
class Stack:
    """The services as processes, confined as far as a process can be.

    Attributes:
        folder: Stands for the volumes and for the image's own folders.
        database: Stands for the service ``postgres``.
        settings: What ``.env`` says.
        running: The processes of services that stay.
        well: Services whose health check has succeeded.
    """

    folder: Path
    database: Database
    settings: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    well: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.services: dict[str, Any] = services(self.settings)["services"]
        self.ports = {"code": free_port(), "webserver": free_port(), "viewer": free_port()}
        shutil.copytree(DEPLOY / "home", self.home)
        for path in (*self.home.iterdir(), self.home):
            # As in the image, where it belongs to root and the services are somebody else.
            path.chmod(0o555 if path.is_dir() else 0o444)
        for name in ("warehouse", "landing", "logs", "tmp"):
            (self.folder / name).mkdir()

    @property
    def home(self) -> Path:
        """The ``DAGSTER_HOME`` of the image."""
        return self.folder / "home"

    def url(self, name: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start(self, name: str) -> None:
        """Start a service."""
        service = self.services[name]
        with self.log(name).open("w") as log:
            self.running[name] = subprocess.Popen(
                [*_CONFINED, *service.get("command", Dockerfile().command)],
                env=self.environment(name),
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a service to its end, or another command where it runs."""
        return subprocess.run(
            [*_CONFINED, *(words or self.services[name]["command"])],
            env=self.environment(name),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=200,
        )

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        """Ask a service's health check."""
        told = self.services[name].get("healthcheck")
        words = told["test"] if told else ["CMD", *Dockerfile().health_check]
        assert words[0] == "CMD"
        return self.run(name, *words[1:])

    def wait_for(self, name: str) -> None:
        """Wait until a health check finds its service well; one that ended fails the test."""
        if name in self.well:
            return
        # The check starts a program; there is no need to before somebody listens.
        if name in self.ports:
            wait(lambda: self._ended(name) or _listens(self.ports[name]), START_SECONDS, name)
        wait(
            lambda: self._ended(name) or self.check(name).returncode == 0,
            START_SECONDS,
            f"{name} to be well",
        )
        assert not self._ended(name), self.log(name).read_text()
        self.well.add(name)

    def _ended(self, name: str) -> bool:
        return name in self.running and self.running[name].poll() is not None

    def log(self, name: str) -> Path:
        """What a service printed."""
        return self.folder / f"{name}.log"

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service, with the names of containers replaced by places here."""
        programs = f"{Path(sys.executable).parent}:{self.database.programs}"
        told = {
            **(Dockerfile().environment if name != "postgres" else {}),
            **(self.settings if "env_file" in self.services[name] else {}),
            **self.services[name]["environment"],
        }
        here = {variable: self._here(text) for variable, text in told.items()}
        ports = {
            "DAGSTER_PG_PORT": self.database.port,
            "DAGSTER_CODE_SERVER_PORT": self.ports["code"],
            "DAGSTER_WEBSERVER_PORT": self.ports.get(name, 0),
        }
        here |= {variable: str(port) for variable, port in ports.items() if variable in told}
        client = {"PGHOST": "127.0.0.1", "PGPORT": str(self.database.port)}
        base = {"PATH": f"{programs}:{os.defpath}", "TMPDIR": str(self.folder / "tmp")}
        return base | here | (client if name == "postgres" else {})

    def _here(self, text: str) -> str:
        if text in (*self.services, "0.0.0.0"):  # noqa: S104 - replaced, never listened on
            return "127.0.0.1"
        for there, place in (("/opt/dagster/home", self.home), ("/data", self.folder)):
            if text.startswith(there):
                return str(place) + text.removeprefix(there)
        return text.replace("/tmp/", f"{self.folder}/tmp/")  # noqa: S108 - the container's own


@contextmanager
def stack(folder: Path, database: Database, settings: Mapping[str, str]) -> Iterator[Stack]:
    """Services that end with the test."""
    made = Stack(folder, database, settings)
    try:
        yield made
    finally:
        for process in made.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in made.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _confined() -> list[str]:
    """What takes root's privileges away, as ``cap_drop`` and ``no-new-privileges`` do."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or not setpriv:
        return []
    return [setpriv, "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


_CONFINED = _confined()
