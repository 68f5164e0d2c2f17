"""Runs a function's binary below `cargo lambda watch`, and tells it when its invocations end.

cargo-lambda (1.9.2) says of every invocation that it ends at millisecond 600,000 since 1970, ten minutes after the epoch, and has no
option for it. The worker begins nothing that it could not finish in time, so it would begin nothing at all. This stands between the two:
it passes everything on, and puts the end of an invocation ten minutes after its beginning, which is what is meant. cargo runs it as the
runner of the target (watch.py); it has no other use, and can go when cargo-lambda says the time.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUNTIME_API = "AWS_LAMBDA_RUNTIME_API"
DEADLINE = "lambda-runtime-deadline-ms"
INVOCATION_MILLISECONDS = 600_000
# Of one connection alone; each message says its own length.
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


class Passing(BaseHTTPRequestHandler):
    """One connection of the function to its Runtime API."""

    protocol_version = "HTTP/1.1"
    # The true Runtime API.
    upstream: urllib.parse.SplitResult

    def do_GET(self) -> None:
        self._pass_on(None)

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers.get("content-length", 0))))

    def _pass_on(self, body: bytes | None) -> None:
        # No time-out: the next invocation comes when somebody calls.
        connection = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.upstream.path.rstrip("/") + self.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == DEADLINE:
                value = str(int(time.time() * 1000) + INVOCATION_MILLISECONDS)
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: the terminal is for what the function prints."""


def main() -> int:
    given = os.environ[RUNTIME_API]
    Passing.upstream = urllib.parse.urlsplit(given if "://" in given else f"http://{given}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    return subprocess.run(sys.argv[1:], env={**os.environ, RUNTIME_API: address}).returncode


if __name__ == "__main__":
    sys.exit(main())
