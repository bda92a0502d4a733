"""The layer in front of moto that serves objects, whole or by range, without reading what was not asked for.

moto answers HEAD (so every rule about versions, conditions and headers stays its own); only the bytes come from here.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from localcloud.patches.objects import chunks

Headers = list[tuple[str, str]]
Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# Sub-resources and parts of the query that only moto knows how to answer.
_OURS = {"versionId", "x-id"}


class Ranges:
    """WSGI middleware for the account's buckets, addressed by path.

    find(bucket, key, version or None): moto's object, or None.
    """

    def __init__(self, app: App, find: Callable[[str, str, str | None], Any]) -> None:
        self._app = app
        self._find = find

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        place = _object_of(environ)
        if place is None:
            return self._app(environ, start_response)
        status, headers = self._head(environ)
        found = self._find(*place) if status.startswith("200") else None
        if found is None:
            return self._app(environ, start_response)
        return _serve(found, environ.get("HTTP_RANGE"), headers, start_response)

    def _head(self, environ: dict[str, Any]) -> tuple[str, Headers]:
        """moto's answer to the same request without the body."""
        answer: list[tuple[str, Headers]] = []

        def note(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
            answer.append((status, headers))
            return lambda data: None

        head = {name: value for name, value in environ.items() if name not in ("HTTP_RANGE", "werkzeug.request")}
        body = self._app(head | {"REQUEST_METHOD": "HEAD", "wsgi.input": io.BytesIO()}, note)
        for _ in body:
            pass
        return answer[0]


def _object_of(environ: dict[str, Any]) -> tuple[str, str, str | None] | None:
    """(bucket, key, version) where the request is a plain GET of an object."""
    if environ["REQUEST_METHOD"] != "GET" or environ.get("HTTP_IF_NONE_MATCH"):
        return None
    raw, _, _ = environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")
    bucket, _, key = raw.lstrip("/").partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signature = {name for name in query if name.startswith(("X-Amz-", "AWSAccessKeyId", "Signature", "Expires"))}
    if not key or set(query) - _OURS - signature:
        return None
    return unquote(bucket), unquote(key), query.get("versionId", [None])[0]


def _serve(found: Any, wanted: str | None, headers: Headers, start_response: Start) -> Iterable[bytes]:
    size: int = found.contentsize
    # Checksums are of the whole; a client would compare them with the part it gets.
    kept = [(name, value) for name, value in headers if not _replaced(name)]
    begin, end, status = _bounds(wanted, size)
    if status == "416 Requested Range Not Satisfiable":
        return _unsatisfiable(wanted or "", size, start_response)
    if status == "206 Partial Content":
        kept.append(("Content-Range", f"bytes {begin}-{end - 1}/{size}"))
    start_response(status, [*kept, ("Content-Length", str(end - begin))])
    return _body(found, begin, end)


def _body(found: Any, begin: int, end: int) -> Iterator[bytes]:
    yield from chunks(found, begin, end)


def _replaced(name: str) -> bool:
    return name.lower().startswith(("content-length", "content-range", "x-amz-checksum-"))


def _bounds(wanted: str | None, size: int) -> tuple[int, int, str]:
    """(begin, end, status), end excluded. What is no single range of bytes is answered with the whole, as S3 does."""
    whole = 0, size, "200 OK"
    found = _RANGE.fullmatch(wanted or "")
    if found is None or found[0] == "bytes=-":
        return whole
    first, last = found[1], found[2]
    if not first:
        begin, end = max(0, size - int(last)), size
    else:
        begin, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < begin:
            return whole
    if begin >= size or begin >= end:
        return 0, 0, "416 Requested Range Not Satisfiable"
    return begin, end, "206 Partial Content"


def _unsatisfiable(wanted: str, size: int, start_response: Start) -> Iterable[bytes]:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidRange</Code>'
        "<Message>The requested range is not satisfiable</Message>"
        f"<RangeRequested>{wanted}</RangeRequested><ActualObjectSize>{size}</ActualObjectSize></Error>"
    ).encode()
    headers = [
        ("Content-Type", "application/xml"),
        ("Content-Range", f"bytes */{size}"),
        ("Content-Length", str(len(body))),
    ]
    start_response("416 Requested Range Not Satisfiable", headers)
    return [body]
