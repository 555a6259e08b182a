"""What a client wants its answer in: the Accept header of a request."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
HTML: Final = "text/html"

# Clients send few different ones, and the longest of a browser is shorter.
_MOST: Final = 256
_LONGEST: Final = 256


@dataclass(slots=True)
class Accepted:
    """The media types of ours that are wanted, each by how much: from 0, not at all, to 1."""

    json: float
    graphql_json: float
    event_stream: float
    media_type: str | None = field(init=False)
    """The media type of one answer that is not a stream; None when neither is wanted."""
    prefers_stream: bool = field(init=False)
    """Whether even a single answer is wanted as an event."""

    def __post_init__(self) -> None:
        best = max(self.json, self.graphql_json)
        self.prefers_stream = self.event_stream > best
        if best == 0:
            self.media_type = None
        else:
            self.media_type = GRAPHQL_JSON if self.graphql_json >= self.json else JSON


def accepted(header: str | None) -> Accepted:
    """What an Accept header admits; without one it is JSON."""
    text = "*/*" if header is None else header
    return _remembered(text) if len(text) <= _LONGEST else _accepted(text)


def _accepted(header: str) -> Accepted:
    wanted = _weights(header)
    anything = wanted.get("*/*", 0.0)
    # A browser's address bar sends text/html and */* together, and wants a page.
    json = wanted.get("application/*", 0.0 if HTML in wanted else anything)
    return Accepted(
        json=wanted.get(JSON, json),
        # What not everybody understands is sent to those only who name it.
        graphql_json=wanted.get(GRAPHQL_JSON, 0.0),
        event_stream=wanted.get(EVENT_STREAM, 0.0),
    )


_remembered = lru_cache(_MOST)(_accepted)


def _weights(header: str) -> dict[str, float]:
    entries = (entry.lower().split(";") for entry in header.split(","))
    return {entry[0].strip(): _weight(entry[1:]) for entry in entries}


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 1.0
    return 1.0
