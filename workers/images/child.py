"""The process that decodes: started by `Studio`, fed through stdin, answering on stdout."""

import io
import json
import select
import sys
from collections.abc import Callable
from typing import BinaryIO

from PIL import Image

from workers.images import containment, formats, heap, ladder, squares, wire
from workers.images.results import Limits, Rejected, Rendered, Squares

Work = Callable[[bytes, Limits], Rendered | Squares]

# What is left of pictures that phones and cameras make; more of it is given back at once, and
# without a picture to work on, all of it.
_MOST_KEPT_BYTES = 96 * 1024**2
IDLE_S = 5
_FRESH = wire.Answer(wire.Failure("nothing was done yet"))


def main(renders: Work = ladder.render) -> None:
    """Answer picture after picture until stdin ends or something unforeseen happens."""
    settings = json.loads(sys.argv[1])
    limits = Limits(**settings["limits"])
    _warm_up(limits)
    gauge = containment.confine(limits, settings["parent"], needs_threads=formats.HAS_HEIF)
    works: dict[bytes, Work] = {wire.LADDER: renders, wire.SQUARES: squares.render}
    at_rest = gauge.resident() if gauge else 0
    _say(wire.READY)
    while (heard := _heard(sys.stdin.buffer)) is not None:
        kind, data = heard
        outcome = _outcome(works[kind], data, limits)
        del heard, data
        is_worn = gauge is not None and _has_grown(gauge, at_rest)
        _say(wire.packed(wire.Answer(outcome, is_worn)))
        if isinstance(outcome, wire.Failure):
            return


def _warm_up(limits: Limits) -> None:
    """Import what a picture of any kind needs; afterwards no file can be opened."""
    wire.packed(_FRESH)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        sample = io.BytesIO()
        Image.new("RGB", (8, 8)).save(sample, kind)
        ladder.render(sample.getvalue(), limits)


def _has_grown(gauge: containment.Gauge, at_rest: int) -> bool:
    """Whether more is held than may be kept, although what is free was given back."""
    if gauge.resident() - at_rest <= _MOST_KEPT_BYTES:
        return False
    heap.give_back()
    return gauge.resident() - at_rest > _MOST_KEPT_BYTES


def _heard(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """The kind of the next request and its picture; None when there is no more."""
    waiting = select.poll()
    # A socket, which uvloop gives children as their stdin, could always be written to.
    waiting.register(stream, select.POLLIN)
    if not waiting.poll(1000 * IDLE_S):
        heap.give_back()
    head = stream.read(wire.REQUEST.size)
    if len(head) < wire.REQUEST.size:
        return None
    kind, length = wire.REQUEST.unpack(head)
    data = stream.read(length)
    return (kind, data) if len(data) == length else None


def _outcome(
    work: Work, data: bytes, limits: Limits
) -> Rendered | Squares | Rejected | wire.Failure:
    containment.allow_cpu(limits.cpu_s)
    try:
        return work(data, limits)
    except Rejected as rejected:
        return rejected
    except MemoryError:
        return wire.Failure("ran out of memory")
    except Exception as error:  # noqa: BLE001 - The parent alone can log it.
        return wire.Failure(ascii(error))


def _say(message: bytes) -> None:
    sys.stdout.buffer.write(message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
