"""A proxy before the emulator that cuts, refuses or swallows the calls it is told to.

The real client speaks HTTP and gRPC through it. A cut is a cut of the socket: before a call reaches
the emulator, in the middle of its answer, or after it was done and before anybody hears of it.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc

BEFORE, DURING, AFTER, SILENCE = "cut before", "cut during", "cut after", "silence"
BUSY, BROKEN, AWAY = "429", "500", "503"
FAULTS = (BEFORE, DURING, AFTER, BUSY, BROKEN, AWAY, SILENCE)

_STATUS = {
    BUSY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    BROKEN: grpc.StatusCode.INTERNAL,
    AWAY: grpc.StatusCode.UNAVAILABLE,
}
# Headers that belong to one connection, not to the message.
_OWN = {"transfer-encoding", "connection", "content-length", "content-encoding"}


@dataclass
class Line:
    """What goes through, and what befalls it.

    Attributes:
        variables: The environment that points at the proxy.
        calls: Every call since ``clear``, by name.
        over: Set when a test ends, so that silent calls do not outlive it.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _fault: str = ""
    _waits_for: tuple[str, int] = ("", 0)
    _for_good: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(
        self, call: str = "", fault: str = "", *, time: int = 1, for_good: bool = False
    ) -> None:
        """Count calls anew.

        Args:
            call: Name of the call that meets a fault.
            fault: Which; empty is none.
            time: How often the call has been made by then, this one included.
            for_good: Whether every call after it meets the fault, too.
        """
        with self._lock:
            self.over.set()
            self.over = threading.Event()
            self.calls.clear()
            self._fault, self._waits_for, self._for_good = fault, (call, time), for_good

    def passes(self, name: str) -> str:
        """Note a call; what befalls it."""
        with self._lock:
            self.calls.append(name)
            call, time = self._waits_for
            made = self.calls.count(call)
            struck = made == time and name == call
            return self._fault if struck or (self._for_good and made >= time) else ""


@contextmanager
def faulty(variables: Mapping[str, str]) -> Iterator[Line]:
    """A line to the emulator that ``variables`` name."""
    line = Line()
    with ExitStack() as stack:
        rest = stack.enter_context(_http(line, variables["NBA_BIGQUERY_ENDPOINT"]))
        storage = stack.enter_context(_grpc(line, variables["NBA_BIGQUERY_STORAGE_ENDPOINT"]))
        stack.callback(lambda: line.over.set())
        line.variables = {
            **variables,
            "NBA_BIGQUERY_ENDPOINT": f"http://127.0.0.1:{rest}",
            "NBA_BIGQUERY_STORAGE_ENDPOINT": f"127.0.0.1:{storage}",
        }
        yield line


# HTTP ---------------------------------------------------------------------------------------------


@contextmanager
def _http(line: Line, upstream: str) -> Iterator[int]:
    where = upstream.removeprefix("http://")

    handler = type("Handler", (_Handler,), {"line": line, "where": where})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        line.over.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    line: Line
    where: str
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.line.passes(_name_of(self.command, self.path, body))
        if fault == SILENCE:
            self.line.over.wait(120)
        if fault in (BEFORE, SILENCE):
            return self._cut()
        if fault in _STATUS:
            return self._answer(int(fault), {}, b'{"error": {"message": "refused"}}')
        status, headers, content = _asked(self.where, self.command, self.path, self.headers, body)
        if fault == AFTER:
            return self._cut()
        self._answer(status, headers, content, half=fault == DURING)
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    def _answer(
        self, status: int, headers: Mapping[str, str], content: bytes, *, half: bool = False
    ) -> None:
        if half and not content:
            # Half of an answer that is all headers.
            self.wfile.write(b"HTTP/1.1 ")
            return self._cut()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if half:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            return self._cut()
        self.wfile.write(content)
        return None

    def _cut(self) -> None:
        self.close_connection = True
        _reset(self.connection)


def _asked(
    where: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(where, timeout=120)
    try:
        # Its own host stays in the headers: answers name addresses that lead back here.
        passed = {n: v for n, v in headers.items() if n.lower() != "accept-encoding"}
        connection.request(method, path, body or None, passed)
        answer = connection.getresponse()
        content = answer.read()
        kept = {n: v for n, v in answer.getheaders() if n.lower() not in _OWN}
        return answer.status, kept, content
    finally:
        connection.close()


def _name_of(method: str, path: str, body: bytes) -> str:
    """What a person would call the request."""
    parts = path.partition("?")[0].split("/")
    if "upload" in parts:
        return "load: begin" if method == "POST" else "load: rows"
    if "jobs" in parts:
        if method == "GET":
            return "job: look"
        return "swap" if b"MERGE" in body else "confirm" if b"'written'" in body else "claim"
    return f"table: {method.lower()}"


def _reset(connection: socket.socket) -> None:
    """Close a socket so that its other end sees a broken connection, not an end."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was faster
    finally:
        connection.close()


# gRPC ---------------------------------------------------------------------------------------------


@contextmanager
def _grpc(line: Line, upstream: str) -> Iterator[int]:
    wires = _Wires()
    longest = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(upstream, options=longest)
    server = grpc.server(ThreadPoolExecutor(16), options=longest)
    server.add_generic_rpc_handlers((_PassOn(line, channel, wires.cut),))
    behind = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield wires.lead_to(behind)
    finally:
        line.over.set()
        wires.close()
        server.stop(0).wait()
        channel.close()


class _PassOn(grpc.GenericRpcHandler):
    """Hands every method on as bytes."""

    def __init__(self, line: Line, channel: grpc.Channel, cut: Callable[[], None]) -> None:
        self._line, self._channel, self._cut = line, channel, cut

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def pass_on(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            fault = self._line.passes(details.method.rpartition("/")[2])
            if fault == SILENCE:
                self._line.over.wait(120)
            if fault in (BEFORE, SILENCE):
                self._cut()
                return
            if fault in _STATUS:
                context.abort(_STATUS[fault], "refused")
            call = self._channel.unary_stream(details.method)
            # The size of a message is part of none of ours: one routing header is all they need.
            routing = [(k, v) for k, v in context.invocation_metadata() if k.startswith("x-goog")]
            for answer in call(request, metadata=routing, timeout=120):
                if fault == AFTER:
                    self._cut()
                    return
                yield answer
                if fault == DURING:
                    self._cut()
                    return

        return grpc.unary_stream_rpc_method_handler(pass_on)


class _Wires:
    """Plain connections to one port, which can be cut all at once."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    def lead_to(self, port: int) -> int:
        threading.Thread(target=self._accept, args=(port,), daemon=True).start()
        return int(self._listening.getsockname()[1])

    def cut(self) -> None:
        while self._open:
            _reset(self._open.pop())

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self, port: int) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # closed
            far = socket.create_connection(("127.0.0.1", port))
            self._open += [near, far]
            for ends in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while content := source.recv(65_536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # cut
