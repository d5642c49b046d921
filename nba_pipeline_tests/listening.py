"""A real HTTP server that alerts are posted to, for the tests of those who post."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What must never be seen anywhere but in a request.
SECRETS = ("T0PSECRETPATH", "T0PSECRETQUERY", "t0psecretuser")


@dataclass
class Listener:
    """What was posted, and what is answered next.

    Attributes:
        port: Where it listens, on this machine alone.
        answers: Statuses of the next answers; then 200.
        bodies: What was taken.
        paths: What was asked for, taken or not.
        moved_to: Where the next answers send the client, if their status does.
    """

    port: int
    answers: list[int] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    moved_to: str = ""

    @property
    def address(self) -> str:
        """The address of a webhook, secrets and all."""
        path, query, user = SECRETS
        return f"http://{user}:pw@127.0.0.1:{self.port}/services/{path}?token={query}"

    @property
    def texts(self) -> list[str]:
        """The messages that were taken."""
        return [body["text"] for body in self.bodies]


@contextmanager
def listening() -> Iterator[Listener]:
    """A server for as long as this lasts."""

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = listener.answers.pop(0) if listener.answers else 200
            listener.paths.append(self.path)
            if status == 200:
                listener.bodies.append(json.loads(body))
            self.send_response(status)
            if listener.moved_to:
                self.send_header("Location", listener.moved_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
