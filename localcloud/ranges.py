"""The layer in front of moto that serves objects, whole or by range, without reading what was not asked for.

It answers only a plain, signed GET of an object that is there and fulfils its If-Match; everything else, every refusal
too, is moto's to answer.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote

from localcloud.patches.objects import chunks

Headers = list[tuple[str, str]]
Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PARTIAL, _REFUSED = "206 Partial Content", "416 Requested Range Not Satisfiable"
# What may stand in the query of a plain GET, beside a presigned URL's signature.
_QUERY = {"versionId", "x-id"}
_SIGNATURE = ("X-Amz-", "AWSAccessKeyId", "Signature", "Expires")
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")


class Ranges:
    """WSGI middleware for buckets that are addressed by path.

    find(bucket, key, version or None): moto's object, or None.
    """

    def __init__(self, app: App, find: Callable[[str, str, str | None], Any]) -> None:
        self._app = app
        self._find = find

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        place = _object_of(environ)
        found = self._find(*place) if place else None
        if found is None or not _as_it_should_be(found, environ.get("HTTP_IF_MATCH")):
            return self._app(environ, start_response)
        return _serve(found, environ.get("HTTP_RANGE"), start_response)


def _object_of(environ: dict[str, Any]) -> tuple[str, str, str | None] | None:
    """(bucket, key, version) where the request is a plain, signed GET of an object."""
    if environ["REQUEST_METHOD"] != "GET" or any(environ.get(name) for name in _CONDITIONS):
        return None
    raw, _, _ = environ["RAW_URI"].partition("?")
    bucket, _, key = raw.lstrip("/").partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signature = {name for name in query if name.startswith(_SIGNATURE)}
    if not key or set(query) - _QUERY - signature or not (signature or environ.get("HTTP_AUTHORIZATION")):
        return None
    return unquote(bucket), unquote(key), query.get("versionId", [None])[0]


def _as_it_should_be(found: Any, etag: str | None) -> bool:
    return not etag or bool(found.etag.strip('"') == etag.strip('"'))


def _headers(found: Any) -> Headers:
    """As moto gives them. Not the checksums: they are of the whole, and a client would compare them with its part."""
    all_of_them = found.response_dict | {"Accept-Ranges": "bytes"} | dict(found.metadata)
    replaced = ("content-length", "content-range", "x-amz-checksum-")
    return [(name, str(value)) for name, value in all_of_them.items() if not name.lower().startswith(replaced)]


def _serve(found: Any, wanted: str | None, start_response: Start) -> Iterable[bytes]:
    size: int = found.contentsize
    begin, end, status = _bounds(wanted, size)
    if status == _REFUSED:
        return _unsatisfiable(wanted or "", size, start_response)
    headers = [*_headers(found), ("Content-Length", str(end - begin))]
    if status == _PARTIAL:
        headers.append(("Content-Range", f"bytes {begin}-{end - 1}/{size}"))
    start_response(status, headers)
    return chunks(found, begin, end)


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
        return 0, 0, _REFUSED
    return begin, end, _PARTIAL


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
    start_response(_REFUSED, headers)
    return [body]
