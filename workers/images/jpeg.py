"""The skeleton of a JPEG, read without decoding it."""

import re
from dataclasses import dataclass

from PIL import JpegImagePlugin

# Zero after 0xff is a stuffed data byte; 0xff after 0xff is padding before a marker. It begins with
# one byte and no repetition, so that the search is the machine's fastest.
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_RESTART_INTERVAL = 0xDD
_RESTARTS = range(0xD0, 0xD8)
_BARE = {0x01, 0xD8, *_RESTARTS}
_BLOCK_EDGE = 8


@dataclass(slots=True)
class Skeleton:
    """What the markers of the first image of a file say; restarts are those of the last scan."""

    scans: int = 0
    restart_interval: int = 0
    restarts: int = 0
    is_in_order: bool = True


def skeleton(data: bytes) -> Skeleton:
    """The skeleton of the first image in *data*, whatever follows it."""
    found, position = Skeleton(), 2
    while (marker := _MARKER.search(data, position)) and marker[1][0] != _END_OF_IMAGE:
        start, position = marker.end(), _after_segment(data, marker)
        if marker[1][0] == _RESTART_INTERVAL:
            found.restart_interval = int.from_bytes(data[start + 2 : start + 4], "big")
        elif marker[1][0] == _START_OF_SCAN:
            position = _after_scan(data, position, found)
    return found


def _after_segment(data: bytes, marker: re.Match[bytes]) -> int:
    if marker[1][0] in _BARE:
        return marker.end()
    length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return marker.end() + max(length, 2)


def _after_scan(data: bytes, position: int, found: Skeleton) -> int:
    following = _END_OF_SCAN.search(data, position)
    end = following.start() if following else len(data)
    restarts = b"".join(_RESTART.findall(data, position, end))
    due = bytes(_RESTARTS) * (len(restarts) // len(_RESTARTS) + 1)
    found.scans += 1
    found.restarts = len(restarts)
    found.is_in_order = found.is_in_order and due.startswith(restarts)
    return end


def is_whole(image: JpegImagePlugin.JpegImageFile, found: Skeleton) -> bool:
    """Whether no restart marker is missing; true where the camera wrote none.

    The decoder bridges a gap in silence by inventing pixels, so this is the only place
    where the loss can be seen.
    """
    if found.scans != 1 or not found.restart_interval:
        return found.is_in_order
    across, down = _largest_factors(image)
    columns = -(-image.width // (_BLOCK_EDGE * across))
    rows = -(-image.height // (_BLOCK_EDGE * down))
    intervals = -(-columns * rows // found.restart_interval)
    return found.is_in_order and found.restarts >= intervals - 1


def coefficient_bytes(image: JpegImagePlugin.JpegImageFile) -> int:
    """What a decoder holds when a picture of several scans must be complete before any pixel."""
    across, down = _largest_factors(image)
    samples = sum(layer[1] * layer[2] for layer in image.layer)
    return 2 * image.width * image.height * samples // (across * down)


def _largest_factors(image: JpegImagePlugin.JpegImageFile) -> tuple[int, int]:
    if len(image.layer) == 1:
        # The factors of a lone component mean nothing: its blocks follow each other.
        return 1, 1
    return max(layer[1] for layer in image.layer), max(layer[2] for layer in image.layer)
