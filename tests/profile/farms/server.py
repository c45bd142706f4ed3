"""A small HTTP server for a farm's protocol: subclasses answer; what was asked is kept."""

from __future__ import annotations

import http.server
import threading
from typing import Any, ClassVar


class Server(http.server.ThreadingHTTPServer):
    """On loopback, on a free port. ``asked`` holds a word for each request; ``broken`` makes the next ones fail."""

    def __init__(self, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.asked: list[str] = []
        self.polls = 0
        self.broken: list[int] = []
        """Status codes of the next answers; 0 closes the connection."""
        self.state: dict[str, Any] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """``answer`` of a subclass gives status, content type and content."""

    protocol_version = "HTTP/1.1"
    server: Server
    broken_body: ClassVar[bytes] = b""

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        raise NotImplementedError

    def cut(self) -> bool:
        """Whether this question about a job gets no answer."""
        left = self.server.state.get("cut", 0)
        self.server.state["cut"] = max(0, left - 1)
        return left > 0

    def read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def handle_any(self) -> None:
        body = self.read()
        if self.server.broken:
            status = self.server.broken.pop(0)
            if status == 0:
                self.close_connection = True
                return
            self.send(status, "application/json", self.broken_body if status != 403 else b"{}")
            return
        self.send(*self.answer(body))

    def send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = handle_any
