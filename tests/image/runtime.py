"""The Lambda Runtime API on loopback, for a real runtime client: one invocation at a time.

Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
"""

import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SECONDS = 900


class Runtime:
    """address: what AWS_LAMBDA_RUNTIME_API says. first: when the client first asked for work, by time.monotonic."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._answers: queue.Queue[tuple[str, str, Any]] = queue.Queue()
        self._asked = threading.Event()
        self.first = 0.0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._http.server_port}"

    def wait_until_ready(self, timeout: float) -> None:
        """Until the client asks for its first event; raises AssertionError where its start failed or took longer."""
        deadline = time.monotonic() + timeout
        while not self._asked.wait(0.05):
            assert self._answers.empty(), self._answers.get()
            assert time.monotonic() < deadline, "the runtime did not start"

    def invoke(self, event: Any, timeout: float) -> tuple[str, Any]:
        """("response" or "error", what the handler answered or raised)."""
        request = str(uuid.uuid4())
        self._events.put((request, json.dumps(event).encode()))
        about, kind, answer = self._answers.get(timeout=timeout)
        assert about == request
        return kind, answer

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        runtime = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == "/2018-06-01/runtime/invocation/next"
                if not runtime._asked.is_set():
                    runtime.first = time.monotonic()
                    runtime._asked.set()
                request, event = runtime._events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", request)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + _SECONDS) * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:detect")
                self._with(event)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                *_, request, kind = self.path.split("/")
                runtime._answers.put((request, kind, body))
                self.send_response(202)
                self._with(b"")

            def _with(self, body: bytes) -> None:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """One line for each request helps nobody here."""

        return Handler


@contextmanager
def runtime() -> Iterator[Runtime]:
    made = Runtime()
    try:
        yield made
    finally:
        made.close()
