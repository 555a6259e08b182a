"""What a child and its parent say to each other: a length, then JSON, then the pictures' bytes.

The parent believes nothing: a decoder that was taken over may write anything here, and the
worst it can reach is a picture that is not the one sent in.
"""

import json
import re
import struct
from asyncio import StreamReader
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, get_args

from workers.images.results import (
    CONTENT_TYPE,
    JPEG,
    LONGEST_NAME,
    RANGES,
    RUNGS,
    Picture,
    PictureName,
    Rejected,
    RejectionCode,
    Rendered,
    Shot,
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
        "shot": _shot_described(rendered.shot),
        "pictures": [
            {"width": picture.width, "height": picture.height, "bytes": len(picture.data)}
            for picture in rendered.pictures
        ],
    }


def _shot_described(shot: Shot) -> dict[str, object]:
    return asdict(shot) | {"taken_at": shot.taken_at.isoformat() if shot.taken_at else None}


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
    names: tuple[PictureName, ...] = get_args(PictureName)
    due = [(name, kind) for kind in (CONTENT_TYPE, JPEG) for name in names]
    return Rendered(
        width=width,
        height=height,
        blurhash=_text(said["blurhash"], r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{28}"),
        dominant_color=_text(said["dominant_color"], r"#[0-9a-f]{6}"),
        shot=_shot(said["shot"]),
        pictures=tuple(
            [
                await _picture(name, kind, picture, reader)
                for (name, kind), picture in zip(due, said["pictures"], strict=True)
            ]
        ),
    )


def _shot(said: Mapping[str, Any]) -> Shot:
    taken_at = None if said["taken_at"] is None else _text(said["taken_at"], r"[-+:.T\d]+")
    latitude, longitude = _within(said["latitude"], -90, 90), _within(said["longitude"], -180, 180)
    if (latitude is None) is not (longitude is None):
        raise NonsenseError("half a place is none")
    return Shot(
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        make=_name(said["make"]),
        model=_name(said["model"]),
        lens=_name(said["lens"]),
        focal_length_mm=_within(said["focal_length_mm"], *RANGES["focal_length_mm"]),
        f_number=_within(said["f_number"], *RANGES["f_number"]),
        exposure_s=_within(said["exposure_s"], *RANGES["exposure_s"]),
        iso=None if said["iso"] is None else _whole(said["iso"], int(RANGES["iso"][1])),
        latitude=latitude,
        longitude=longitude,
    )


def _name(value: object) -> str | None:
    if value is None:
        return None
    name = _text(value, r".+")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise NonsenseError("a name is not what it should be")
    return name


def _within(value: object, least: float, most: float) -> float | None:
    if value is None:
        return None
    if type(value) is not float or not least <= value <= most:
        raise NonsenseError("a number is out of range")
    return value


async def _picture(
    name: PictureName, content_type: str, said: Mapping[str, Any], reader: StreamReader
) -> Picture:
    width, height = _whole(said["width"], _MOST_EDGE), _whole(said["height"], _MOST_EDGE)
    data = await _encoded(said, reader, content_type)
    return Picture(name, data, width, height, content_type)


async def _squares(said: Sequence[Mapping[str, Any]], reader: StreamReader) -> Squares:
    rungs = RUNGS[: _whole(len(said), len(RUNGS))]
    return Squares(
        tuple(
            [
                Square(
                    rung,
                    await _encoded(square, reader, CONTENT_TYPE),
                    _whole(square["edge"], rung),
                    CONTENT_TYPE,
                )
                for rung, square in zip(rungs, said, strict=True)
            ]
        )
    )


async def _encoded(said: Mapping[str, Any], reader: StreamReader, content_type: str) -> bytes:
    data = await reader.readexactly(_whole(said["bytes"], _MOST_PICTURE_BYTES))
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not (data.startswith(b"\xff\xd8\xff") if content_type == JPEG else is_webp):
        raise NonsenseError("its picture is of another kind")
    return data


def _whole(value: object, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise NonsenseError("a number is out of range")
    return value


def _text(value: object, pattern: str) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not re.fullmatch(pattern, value):
        raise NonsenseError("a text is not what it should be")
    return value
