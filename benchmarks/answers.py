"""S3's side of a GET by range, in a process of its own: a local file, each answer late by what S3 takes.

The client is the real one, with all that it spends on a request; what is counted is what went over the wire.
"""

import asyncio
import multiprocessing
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import boto3
from botocore.config import Config

from redactor.many import AT_ONCE
from redactor.store import Object, RangedFile, Store

# Seconds from a request to the first byte within a region, as S3's performance guidelines give it for small objects:
# 100 to 200 ms are its words for the first byte, 20 to 40 what is measured; and bytes a second of one connection.
LATENCY, RATE = 0.03, 80e6
_ETAG, _VERSION = '"e"', "null"
_RANGE = re.compile(rb"(?i)\r\nrange: bytes=(\d+)-(\d+)\r\n")


@dataclass(frozen=True)
class Bucket:
    """file: opened as the product opens it. Counted are answers and their bytes."""

    file: RangedFile
    _requests: "Synchronized[int]"
    _bytes: "Synchronized[int]"

    @property
    def counted(self) -> tuple[int, int]:
        return self._requests.value, self._bytes.value


@contextmanager
def bucket(path: Path) -> Iterator[Bucket]:
    """The file as an object of a bucket."""
    size = path.stat().st_size
    with socket.create_server(("127.0.0.1", 0)) as listening:
        requests, transferred = multiprocessing.Value("q", 0), multiprocessing.Value("q", 0)
        process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(listening, path, requests, transferred), daemon=True
        )
        process.start()
        port = listening.getsockname()[1]
    try:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106 - nobody asks
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=AT_ONCE),
        )
        file = Store("bucket", client).open(Object("video", _VERSION, _ETAG, size, {}))
        yield Bucket(file, requests, transferred)
    finally:
        process.terminate()
        process.join()


def _serve(
    listening: socket.socket, path: Path, requests: "Synchronized[int]", transferred: "Synchronized[int]"
) -> None:
    file = os.open(path, os.O_RDONLY)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while found := _RANGE.search(await reader.readuntil(b"\r\n\r\n")):
                start, last = map(int, found.groups())
                asked = time.monotonic()
                data = os.pread(file, last + 1 - start, start)
                requests.value += 1
                transferred.value += len(data)
                await asyncio.sleep(asked + LATENCY + len(data) / RATE - time.monotonic())
                words = f"HTTP/1.1 206 Partial Content\r\nETag: {_ETAG}\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(words.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(answer, sock=listening) as server:
            await server.serve_forever()

    asyncio.run(serve())
