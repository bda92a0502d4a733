"""A real browser that plays files: headless Chromium, spoken to by WebDriver, which is JSON over loopback."""

import base64
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

PLAYER = Path(__file__).with_name("player.html")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=800,700",
)
_SECONDS = 30


@dataclass(frozen=True)
class Loaded:
    """width, height: as shown, after rotation and pixel aspect. duration: seconds."""

    width: int
    height: int
    duration: float


@dataclass(frozen=True)
class Shown:
    """time: seconds, by the media's clock. picture: BGR, height x width x 3, as shown."""

    time: float
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class Played:
    """times: of the pictures that came on the screen, seconds; slow machines leave some out. at: the time at the end.
    sound: bytes of it that were decoded."""

    times: list[float]
    at: float
    ended: bool
    sound: int


class Browser:
    """One window with one player. Raises RuntimeError with the browser's words where it cannot do something."""

    def __init__(self, driver: "_Driver", host: str, files: dict[str, Path]) -> None:
        self._driver, self._host, self._files = driver, host, files
        driver.ask("POST", "/url", {"url": f"{host}/"})

    def load(self, path: Path) -> Loaded:
        address = f"/{len(self._files)}.mp4"
        self._files[address] = path
        return Loaded(**self._run("load", address))

    def seek(self, seconds: float) -> Shown:
        told = self._run("seek", seconds)
        png = np.frombuffer(base64.b64decode(told["png"]), np.uint8)
        return Shown(told["time"], np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8))

    def play(self) -> Played:
        return Played(**self._run("play"))

    def screenshot(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(self._driver.ask("GET", "/screenshot"))

    def _run(self, function: str, *arguments: object) -> dict[str, Any]:
        script = f"return {function}(...arguments)"
        told: dict[str, Any] = self._driver.ask("POST", "/execute/sync", {"script": script, "args": arguments})
        return told


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with a new profile in an empty folder."""
    with _server() as (host, files), _driver(folder) as driver:
        yield Browser(driver, host, files)


class _Driver:
    """One WebDriver session."""

    def __init__(self, port: int, profile: Path) -> None:
        self._port, self._session = port, ""
        options = {"binary": shutil.which("chromium"), "args": [*_FLAGS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "timeouts": {"script": 1000 * _SECONDS}}
        told = self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/{told['sessionId']}"

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=2 * _SECONDS)
        try:
            connection.request(method, f"/session{self._session}{path}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{value['error']}: {value['message']}")
        return value


@contextmanager
def _driver(folder: Path) -> Iterator[_Driver]:
    with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ports = (re.search(r"started successfully on port (\d+)", line) for line in process.stdout)
            driver = _Driver(next(int(found[1]) for found in ports if found), folder / "profile")
            yield driver
            driver.ask("DELETE", "")
        finally:
            # It closes the browsers that are left.
            process.terminate()


@contextmanager
def _server() -> Iterator[tuple[str, dict[str, Path]]]:
    """Files by their path in the URL, with ranges, on loopback; the player at /."""
    files = {"/": PLAYER}

    class Handler(_Handler):
        known = files

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: Mapping[str, Path]

    def do_GET(self) -> None:
        path = self.known.get(self.path)
        if path is None:
            self.send_error(404)
            return
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = (int(asked[1]), int(asked[2] or len(data) - 1)) if asked else (0, len(data) - 1)
        body = data[start : end + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "text/html" if path.suffix == ".html" else "video/mp4")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(data)}")
        self.end_headers()
        # A player that has seen enough hangs up.
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
