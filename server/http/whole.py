"""A whole answer in one piece: one call of the system, and one packet.

An extension as ASGI has them (https://asgi.readthedocs.io/en/stable/extensions.html): a connection
puts a function into the scope of a request, and whoever has an answer as a whole may call it in
the place of two messages. What goes over the wire is the same; but whoever wraps `send` does not
hear of it, so only who surrounds all others calls it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Header: TypeAlias = tuple[bytes, bytes]
# Takes a status, headers with a content-length, and the body of that length; returns whether that
# was sent. What was not has to be sent in messages.
Whole: TypeAlias = Callable[[int, Sequence[Header], bytes], bool]

EXTENSION: Final = "picshare.whole"


def whole(scope: Mapping[str, Any]) -> Whole | None:
    """What answers this request as a whole; None where the server has no such thing."""
    found: Whole | None = scope.get("extensions", {}).get(EXTENSION)
    return found


def offer(cycle: RequestResponseCycle) -> None:
    """Put it into the scope of a request."""
    scope: dict[str, Any] = cast("dict[str, Any]", cycle.scope)
    scope["extensions"] = {EXTENSION: partial(_answered, cycle)}


def withdraw(cycle: RequestResponseCycle) -> None:
    """Take it out again: the two refer to each other, and would wait for the collector."""
    cast("dict[str, Any]", cycle.scope).pop("extensions", None)


def _answered(
    cycle: RequestResponseCycle, status: int, headers: Sequence[Header], body: bytes
) -> bool:
    """What `RequestResponseCycle.send` does with both messages."""
    if cycle.response_started or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    if cycle.disconnected:
        return True
    lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    head = b"".join(lines)
    # uvicorn looks at each header with regular expressions. Of ours only the origin and the id are
    # told by clients, and no parsed header holds a control character; so this never happens.
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
        raise RuntimeError("a header of the answer has several lines")
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join((STATUS_LINE[status], head, b"\r\n", body)))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
