"""Requests as they come over the wire, for what an HTTP client would tidy up first."""

import asyncio
from urllib.parse import unquote_to_bytes


def scope(method, target, headers=()):
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"api"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }


async def answered(client, asked_for, receive):
    """The messages that the application sends."""
    sent = []

    async def send(message):
        sent.append(message)

    await client._transport.app(asked_for, receive, send)
    return sent


async def asked(client, method, target):
    """The status and the body for a target that is passed on untouched."""

    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        # The client stays and listens until the answer is complete.
        return messages.pop() if messages else await asyncio.Future()

    start, *rest = await answered(client, scope(method, target), receive)
    return start["status"], b"".join(message.get("body", b"") for message in rest)
