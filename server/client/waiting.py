"""Photos on their way, asked about until each is READY or FAILED."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from server.client.accounts import Account

MOST_IDS: Final = 100
# A few are done in a moment; of many, nobody needs to know each at once.
FEW: Final = 10
PAUSE_S: Final = 0.3
LONG_PAUSE_S: Final = 1.0
STALLED_S: Final = 300.0

STATUSES = """query Statuses($ids: [ID!]!) { nodes(ids: $ids) {
  ... on Photo { id status failure { code message } }
} }"""


class Stalled(Exception):
    """Nothing has become of any photo for a long time; the text says how many are left."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a photo; without a code it is READY."""

    photo_id: str
    code: str = ""
    message: str = ""


class Waiting:
    """The photos of one account that are still being made."""

    def __init__(
        self,
        account: Account,
        on_settled: Callable[[Settled], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._account = account
        self._on_settled = on_settled
        self._clock = clock
        # An ordered set: whoever was asked about goes to the end.
        self._left: dict[str, None] = {}
        self._is_closed = False
        self._moved_at = clock()

    def add(self, photo_id: str) -> None:
        """Ask about this one too."""
        self._left[photo_id] = None
        self._moved_at = self._clock()

    def close(self) -> None:
        """No more are coming."""
        self._is_closed = True

    async def run(self) -> None:
        """Return when it is closed and all are settled. Raises Stalled, Refused or Transient."""
        while self._left or not self._is_closed:
            if self._left:
                await self._look()
            if self._left and self._clock() - self._moved_at > STALLED_S:
                raise Stalled(
                    f"{len(self._left)} photos are still PROCESSING, and none has moved for "
                    f"{STALLED_S:.0f} s; is a worker running?"
                )
            await asyncio.sleep(PAUSE_S if len(self._left) <= FEW else LONG_PAUSE_S)

    async def _look(self) -> None:
        ids = list(self._left)[:MOST_IDS]
        answer = await self._account.ask(STATUSES, ids=ids)
        for photo_id, node in zip(ids, answer["nodes"], strict=True):
            del self._left[photo_id]
            if node is not None and node["status"] == "PROCESSING":
                self._left[photo_id] = None
                continue
            self._moved_at = self._clock()
            self._on_settled(_settled(photo_id, node))


def _settled(photo_id: str, node: dict[str, Any] | None) -> Settled:
    if node is None:
        return Settled(photo_id, "NOT_FOUND", "it was deleted meanwhile")
    if node["status"] == "READY":
        return Settled(photo_id)
    failure = node["failure"] or {"code": node["status"], "message": "no reason was given"}
    return Settled(photo_id, failure["code"], failure["message"])
