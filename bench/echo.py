"""The least that an ASGI server can do: answer a body with the same body.

`python -m bench.echo PORT uvicorn` as uvicorn does it by itself, `… ours` on our own connections.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from server.http import serving
from server.settings import Settings

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body of the request."""
    assert scope["type"] == "http"
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body += message["body"]
        is_more = message["more_body"]
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(port: int, way: str) -> None:
    """Serve until a signal."""
    options: dict[str, Any] = {"http": "httptools", "log_config": None, "access_log": False}
    if way == "ours":
        options = serving.options(Settings())
    uvicorn.run(echo, port=port, loop="uvloop", **(options | {"lifespan": "off"}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
