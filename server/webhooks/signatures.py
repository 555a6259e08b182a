"""Signatures of webhooks, ours and those of callbacks.

Source: Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks (spec/
standard-webhooks.md): symmetric signatures v1, HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "whsec_"
VERSION: Final = "v1"
TOLERANCE_S: Final = 300
# The specification wants keys of 24 to 64 bytes.
SHORTEST: Final = 24
LONGEST: Final = 64
LONGEST_ID: Final = 256
_MOMENT: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class BadSecret(ValueError):
    """The text is no secret; it is not quoted."""


class NotVerified(Exception):
    """The message is not from whom it should be, or not from now; the text says what is wrong."""


def keys(text: str) -> tuple[bytes, ...]:
    """The keys of all secrets in *text*, which blanks separate. Raises BadSecret."""
    return tuple(_key(secret) for secret in text.split())


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs with every key and believes any: while two are set, one can take the other's place."""

    keys: tuple[bytes, ...]
    clock: Callable[[], float] = field(default=time.time)

    def headers(self, id: str, body: bytes) -> dict[str, str]:
        """What a message is sent with, now."""
        moment = str(int(self.clock()))
        signed = [f"{VERSION},{_signature(key, id, moment, body)}" for key in self.keys]
        return {
            "webhook-id": id,
            "webhook-timestamp": moment,
            "webhook-signature": " ".join(signed),
        }

    def verified(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of a message that was signed with one of the keys just now. Raises NotVerified."""
        id = headers.get("webhook-id", "")
        moment = headers.get("webhook-timestamp", "")
        given = headers.get("webhook-signature", "")
        if not id or not given or len(id) > LONGEST_ID or not id.isascii() or not id.isprintable():
            raise NotVerified("the headers webhook-id, -timestamp and -signature are needed")
        if not _MOMENT.fullmatch(moment) or abs(self.clock() - int(moment)) > TOLERANCE_S:
            raise NotVerified(f"webhook-timestamp is not within {TOLERANCE_S} s of now")
        expected = [f"{VERSION},{_signature(key, id, moment, body)}".encode() for key in self.keys]
        signatures = [each.encode(errors="replace") for each in given.split(" ")]
        # All are compared, however many fit, so that the time tells nothing.
        fitting = [hmac.compare_digest(one, other) for one in expected for other in signatures]
        if not any(fitting):
            raise NotVerified("no signature fits")
        return id


def _signature(key: bytes, id: str, moment: str, body: bytes) -> str:
    text = f"{id}.{moment}.".encode() + body
    return base64.b64encode(hmac.digest(key, text, "sha256")).decode()


def _key(secret: str) -> bytes:
    wanted = f"must be {PREFIX} and {SHORTEST} to {LONGEST} bytes in Base64"
    if not secret.startswith(PREFIX):
        raise BadSecret(wanted)
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(wanted) from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(wanted)
    return key
