"""moto behind an HTTP server on loopback: one account, one port, every connection known so that all can be closed."""

import socket
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import ThreadedWSGIServer

from localcloud.patches.uploads import told_afterwards
from localcloud.ranges import Ranges, Start
from localcloud.stacks import Stacks

HOST = "127.0.0.1"


class _Quiet(MotoRequestHandler):
    # Headers and body leave in two packets; without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's own name
        """One line for each request helps nobody here."""


class _Dispatcher(DomainDispatcherApplication):
    """moto looks through the folders of all its services for each request; their answer does not change."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        return self._known[host]


class _Connections(ThreadedWSGIServer):
    """Knows its open connections: clients keep theirs alive, and a thread waits on each."""

    def __init__(self, app: Any, fd: int) -> None:
        super().__init__(HOST, 0, app, _Quiet, fd=fd)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    # The client hung up first.
                    continue


class Server:
    """Serves the account until close. port: 0 takes a free one; raises OSError where the given one is taken.

    stack, outputs: what DescribeStacks answers.
    """

    def __init__(self, account: str, port: int = 0, *, stack: str, outputs: Mapping[str, str]) -> None:
        self._account = account
        self._moto = _Dispatcher(create_backend_app)
        self._socket = socket.create_server((HOST, port))
        objects = Ranges(self._for_the_account, self._find)
        self._http = _Connections(Stacks(objects, stack, outputs), self._socket.fileno())
        self.port: int = self._http.port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()
        self._socket.close()

    def _for_the_account(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        # moto's routes stop at a newline in a key; the key itself it takes from the raw URI.
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("\n", "%0A")
        with told_afterwards():
            answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def _find(self, bucket: str, key: str, version: str | None) -> Any:
        backend = s3_backends[self._account]["aws"]
        return backend.get_object(bucket, key, version) if bucket in backend.buckets else None
