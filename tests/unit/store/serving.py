"""S3 on this machine, as far as a test of the store wants it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Answers(BaseHTTPRequestHandler):
    """Keeps its connections; says nothing of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def asked(self) -> None:
        """Sees to one request, whatever its verb."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self.asked()

    def do_PUT(self) -> None:
        self.asked()

    def answer(self, status: int, headers: Mapping[str, str], data: bytes, sent: float) -> None:
        """sent: the part of what is announced that comes; then the connection ends."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: int(sent * len(data))])
        self.close_connection = sent < 1

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(answers: type[Answers]) -> Iterator[int]:
    """Gives the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def refusal(code: str) -> bytes:
    """What S3 says beside a status."""
    return f"<Error><Code>{code}</Code></Error>".encode()
