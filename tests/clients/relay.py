"""Between a client library and the application: remembers what was sent, and can lose or change an answer.

What is lost is lost on the way back: the application has taken the request in,
the client is told otherwise and sends it again.
"""

import gzip
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GZIP = b"\x1f\x8b"
_OF_THE_HOP = {"connection", "transfer-encoding", "content-length", "server", "date"}


@dataclass(frozen=True)
class Sent:
    """One request of a client: as it came, what the application answered, and what the client was told instead."""

    path: str
    headers: dict[str, str]
    body: bytes
    answer: dict[str, Any]
    status: int
    told: int

    @property
    def is_gzip(self) -> bool:
        return self.body.startswith(GZIP)

    @property
    def content(self) -> Any:
        return json.loads(gzip.decompress(self.body) if self.is_gzip else self.body)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls in it, of a batch or of a call by itself."""
        content = self.content
        return list(content["batch"]) if "batch" in content else [content]


@dataclass
class Relay:
    """Where the clients send to; `mishaps` are the statuses that the next answers are replaced by, one each."""

    address: str
    sent: list[Sent] = field(default_factory=list)
    mishaps: list[int] = field(default_factory=list)


@contextmanager
def relay(port: int, mishaps: Sequence[int] = ()) -> Iterator[Relay]:
    """Pass everything on to the application at this port of the loopback address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(port))
    server.daemon_threads = True
    server.relay = Relay(f"http://127.0.0.1:{server.server_port}", mishaps=list(mishaps))  # type: ignore[attr-defined]
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.relay  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _handler(port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            seen: Relay = self.server.relay  # type: ignore[attr-defined]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = _asked(port, self.path, dict(self.headers), body)
            told = seen.mishaps.pop(0) if seen.mishaps else status
            seen.sent.append(Sent(self.path, dict(self.headers), body, json.loads(answer), status, told))
            self.send_response(told)
            for name, value in headers.items():
                self.send_header(name, value)
            if told in (429, 503):
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *told: object) -> None:
            """Say nothing: what came is in the relay."""

    return Handler


def _asked(port: int, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("POST", path, body, {k: v for k, v in headers.items() if k.lower() not in _OF_THE_HOP})
        answer = line.getresponse()
        content = answer.read()
        return answer.status, {k: v for k, v in answer.getheaders() if k.lower() not in _OF_THE_HOP}, content
    finally:
        line.close()
