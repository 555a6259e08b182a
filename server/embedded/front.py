"""Stands before the object store and answers the preflights of browsers.

rclone answers a preflight with a fixed list of headers that lacks the checksum of an upload,
so no page of another origin could send one. All else passes through untouched, signed host
included; who may do what is the store's decision alone.
"""

import asyncio
import sys
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from contextlib import suppress

import uvloop

MAX_HEAD_BYTES = 32 * 1024
CHUNK_BYTES = 256 * 1024

PREFLIGHT = b"\r\n".join(
    [
        b"HTTP/1.1 204 No Content",
        b"Access-Control-Allow-Origin: *",
        b"Access-Control-Allow-Methods: GET, HEAD, PUT",
        b"Access-Control-Allow-Headers: content-type, content-md5, range, x-amz-checksum-sha256",
        b"Access-Control-Max-Age: 3600",
        b"Content-Length: 0",
        b"",
        b"",
    ]
)
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n"


async def serve(host: str, port: int, store_socket: str) -> None:
    """Answer at host:port until the process ends; nothing is lost when it is simply killed."""

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        await _talk(reader, writer, store_socket)

    server = await asyncio.start_server(connected, host, port, limit=MAX_HEAD_BYTES)
    await server.serve_forever()


async def _talk(reader: StreamReader, writer: StreamWriter, store_socket: str) -> None:
    try:
        to_reader, to_writer = await asyncio.open_unix_connection(store_socket)
    except OSError:
        writer.close()
        return
    answers = asyncio.create_task(_pump(to_reader, writer))
    try:
        await _forward_requests(reader, writer, to_writer)
    except LimitOverrunError:
        writer.write(TOO_LARGE)
    except (OSError, IncompleteReadError):
        pass
    # uvloop raises RuntimeError where the store has already closed the connection.
    with suppress(OSError, RuntimeError):
        to_writer.write_eof()
    await answers
    to_writer.close()


async def _forward_requests(
    reader: StreamReader, writer: StreamWriter, store: StreamWriter
) -> None:
    """Return when the client has said its last, or the store has closed an idle connection."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if _is_preflight(head):
            writer.write(PREFLIGHT)
            continue
        store.write(head)
        remaining = _body_bytes(head)
        while remaining:
            chunk = await reader.read(min(remaining, CHUNK_BYTES))
            if not chunk:
                return
            store.write(chunk)
            await store.drain()
            remaining -= len(chunk)


async def _pump(source: StreamReader, target: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
    target.close()


def _is_preflight(head: bytes) -> bool:
    return head.startswith(b"OPTIONS ") and b"\r\naccess-control-request-method:" in head.lower()


def _body_bytes(head: bytes) -> int:
    """How much follows this head; without a length, all that comes."""
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"transfer-encoding" in fields:
        return sys.maxsize
    with suppress(ValueError):
        return int(fields.get(b"content-length", b"0"))
    return sys.maxsize


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
