"""Where variants are fetched: plain addresses for everybody, signed ones for the rest."""

import hmac
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from storage.variants import MEDIA_PREFIX

_PUBLIC: Final = MEDIA_PREFIX.rstrip("/")
_UNTIL: Final = re.compile(r"[1-9][0-9]{9,11}", re.ASCII)


class Addresses:
    """Makes addresses and knows its own again; processes with one secret know each other's.

    Signed ones are the same for everyone until the current window of time ends, so that caches
    are of use, and good until the end of the next one. The clock tells seconds since 1970.
    """

    def __init__(
        self,
        secret: str,
        *,
        public_url: str,
        restricted_url: str,
        window: timedelta,
        clock: Callable[[], float] = time.time,
    ) -> None:
        own = hmac.digest(secret.encode(), b"picshare restricted media", "sha256")
        # To begin anew with the key each time would take as long again.
        self._keyed = hmac.new(own, digestmod="sha256")
        self._public = f"{public_url}/"
        self._restricted_url = restricted_url
        self._window_s = int(window.total_seconds())
        self._clock = clock

    def of(self, key: str) -> str:
        """Where the variant with that key is fetched."""
        prefix, _, path = key.partition("/")
        if prefix == _PUBLIC:
            return self._public + path
        until = str((self._now_s() // self._window_s + 2) * self._window_s)
        return f"{self._restricted_url}/{path}?until={until}&signature={self._signed(path, until)}"

    def seconds_left(self, path: str, until: str, signature: str) -> int:
        """How much longer a signed address is good; 0 when it is not ours, or no longer good."""
        expected = self._signed(path, until)
        is_ours = hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))
        if not is_ours or not _UNTIL.fullmatch(until):
            return 0
        return max(0, int(until) - self._now_s())

    def _now_s(self) -> int:
        return int(self._clock())

    def _signed(self, path: str, until: str) -> str:
        signing = self._keyed.copy()
        signing.update(f"{path}\n{until}".encode(errors="replace"))
        return signing.hexdigest()
