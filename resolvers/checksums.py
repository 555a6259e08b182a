"""Checksums as clients write them."""

import base64
import binascii
from typing import Final

from storage.refusals import Invalid

SHA256_BYTES: Final = 32


def sha256(written: str, *path: str) -> bytes:
    """The SHA-256 in *written*. Raises Invalid."""
    try:
        checksum = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        checksum = b""
    if len(checksum) != SHA256_BYTES:
        raise Invalid(
            "checksumSha256 must be the SHA-256 of the bytes, 32 bytes in Base64",
            *path,
            "checksumSha256",
        )
    return checksum
