"""What a child and its parent say to each other: a length, then JSON, then the pictures' bytes.

The parent believes nothing: a decoder that was taken over may write anything here, and the
worst it can reach is a picture that is not the one sent in.
"""

import json
import re
import struct
from asyncio import StreamReader
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from workers.images.results import (
    CONTENT_TYPE,
    RUNGS,
    Picture,
    PictureName,
    Rejected,
    RejectionCode,
    Rendered,
    Square,
    Squares,
)

READY = b"ready\n"
LENGTH = struct.Struct(">I")
# What is to be made of a picture, and how many bytes it has.
REQUEST = struct.Struct(">cI")
LADDER = b"L"
SQUARES = b"S"
_MOST_HEADER_BYTES = 64 * 1024
_MOST_PICTURE_BYTES = 32 * 1024**2
_MOST_EDGE = 65_535
_MOST_TEXT = 300


class NonsenseError(Exception):
    """The other side did not keep to the protocol."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The child met something that is not the picture's fault, or no longer trusts itself."""

    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one picture, and whether the child has grown too large to go on."""

    outcome: Rendered | Squares | Rejected | Failure
    is_worn: bool = False


def packed(answer: Answer) -> bytes:
    """*answer* as the bytes that `unpacked` reads."""
    header: dict[str, object] = {"is_worn": answer.is_worn}
    blobs: list[bytes] = []
    match answer.outcome:
        case Rendered() as rendered:
            header["rendered"] = _described(rendered)
            blobs = [picture.data for picture in rendered.pictures]
        case Squares(squares):
            header["squares"] = [
                {"edge": square.edge, "bytes": len(square.data)} for square in squares
            ]
            blobs = [square.data for square in squares]
        case Rejected(code=code, message=message):
            header["rejected"] = {"code": code, "message": message[:_MOST_TEXT]}
        case Failure(message):
            header["failure"] = message[:_MOST_TEXT]
    encoded = json.dumps(header).encode()
    return b"".join((LENGTH.pack(len(encoded)), encoded, *blobs))


def _described(rendered: Rendered) -> dict[str, object]:
    return {
        "width": rendered.width,
        "height": rendered.height,
        "blurhash": rendered.blurhash,
        "dominant_color": rendered.dominant_color,
        "taken_at": rendered.taken_at.isoformat() if rendered.taken_at else "",
        "pictures": [
            {"width": picture.width, "height": picture.height, "bytes": len(picture.data)}
            for picture in rendered.pictures
        ],
    }


async def unpacked(reader: StreamReader) -> Answer:
    """The next answer; NonsenseError if it is not one, IncompleteReadError if the stream ends."""
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if length > _MOST_HEADER_BYTES:
        raise NonsenseError("its header is too long")
    try:
        header = json.loads(await reader.readexactly(length))
        return Answer(await _outcome(header, reader), header["is_worn"] is True)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NonsenseError("its header means nothing") from error


async def _outcome(
    header: Mapping[str, Any], reader: StreamReader
) -> Rendered | Squares | Rejected | Failure:
    if "rendered" in header:
        return await _rendered(header["rendered"], reader)
    if "squares" in header:
        return await _squares(header["squares"], reader)
    if "rejected" in header:
        return _rejected(header["rejected"])
    return Failure(_text(header["failure"], r"[^\x00-\x1f]*"))


def _rejected(said: Mapping[str, Any]) -> Rejected:
    codes: tuple[RejectionCode, ...] = get_args(RejectionCode)
    return Rejected(codes[codes.index(said["code"])], _text(said["message"], r"[^\x00-\x1f]*"))


async def _rendered(said: Mapping[str, Any], reader: StreamReader) -> Rendered:
    width, height = _whole(said["width"], _MOST_EDGE), _whole(said["height"], _MOST_EDGE)
    taken_at = _text(said["taken_at"], r"[-+:.T\d]*")
    names: tuple[PictureName, ...] = get_args(PictureName)
    return Rendered(
        width=width,
        height=height,
        blurhash=_text(said["blurhash"], r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{28}"),
        dominant_color=_text(said["dominant_color"], r"#[0-9a-f]{6}"),
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        pictures=tuple(
            [
                await _picture(name, picture, reader)
                for name, picture in zip(names, said["pictures"], strict=True)
            ]
        ),
    )


async def _picture(name: PictureName, said: Mapping[str, Any], reader: StreamReader) -> Picture:
    width, height = _whole(said["width"], _MOST_EDGE), _whole(said["height"], _MOST_EDGE)
    return Picture(name, await _webp(said, reader), width, height, CONTENT_TYPE)


async def _squares(said: Sequence[Mapping[str, Any]], reader: StreamReader) -> Squares:
    rungs = RUNGS[: _whole(len(said), len(RUNGS))]
    return Squares(
        tuple(
            [
                Square(
                    rung, await _webp(square, reader), _whole(square["edge"], rung), CONTENT_TYPE
                )
                for rung, square in zip(rungs, said, strict=True)
            ]
        )
    )


async def _webp(said: Mapping[str, Any], reader: StreamReader) -> bytes:
    data = await reader.readexactly(_whole(said["bytes"], _MOST_PICTURE_BYTES))
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise NonsenseError("its picture is not WebP")
    return data


def _whole(value: object, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise NonsenseError("a number is out of range")
    return value


def _text(value: object, pattern: str) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not re.fullmatch(pattern, value):
        raise NonsenseError("a text is not what it should be")
    return value
