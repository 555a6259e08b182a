"""What travels over a WebSocket: the messages of the protocol graphql-transport-ws.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard, get_args

import orjson

from server.graphql import MAX_MESSAGE_BYTES

PROTOCOL: Final = "graphql-transport-ws"
MAX_ID: Final = 128

Kind = Literal["connection_init", "ping", "pong", "subscribe", "complete"]


class Close(Exception):
    """The connection has to end, with this code and for this reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = _short(reason)


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the right shape; *id* is empty for those that have none."""

    kind: Kind
    id: str
    payload: dict[str, Any]


def received(text: str | None) -> Received:
    """The message in a frame, None being a binary one. Raises Close."""
    if text is None:
        raise _invalid("frames must be text")
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise Close(1009, f"a message has at most {MAX_MESSAGE_BYTES:,} bytes")
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _invalid("it is not JSON") from None
    if not isinstance(members, dict):
        raise _invalid("it must be an object")
    return _received(members)


def _received(members: dict[str, Any]) -> Received:
    kind, id, payload = members.get("type"), members.get("id", ""), members.get("payload")
    if not _is_kind(kind):
        raise _invalid("type must be connection_init, ping, pong, subscribe or complete")
    if kind in {"subscribe", "complete"} and not (isinstance(id, str) and 0 < len(id) <= MAX_ID):
        raise _invalid(f"id must be a string of 1 to {MAX_ID} characters")
    is_needed = kind == "subscribe"
    if not isinstance(payload, dict) and (is_needed or payload is not None):
        raise _invalid("payload must be an object")
    return Received(kind, str(id), payload or {})


def _is_kind(kind: object) -> TypeGuard[Kind]:
    return isinstance(kind, str) and kind in get_args(Kind)


def sent(kind: str, id: str | None = None, payload: object = None) -> str:
    """The text of a message of ours."""
    members = {"id": id, "type": kind, "payload": payload}
    given = {name: value for name, value in members.items() if value is not None}
    return orjson.dumps(given).decode()


def _invalid(why: str) -> Close:
    return Close(4400, f"Invalid message: {why}")


def _short(reason: str) -> str:
    # A close frame has room for 123 bytes.
    return reason.encode()[:123].decode(errors="ignore")
