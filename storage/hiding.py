"""From whom somebody is hidden, as it was when it was last looked."""

from typing import Final

from storage.rows import UserId

MOST: Final = 10_000


class Guesses:
    """The viewers of this process from whom somebody is hidden, as far as was seen.

    Nobody is shown anything by it: it tells which statement is sent first, and that finds out
    what is true. A wrong guess costs a statement more.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        # Who leaves is hidden from everybody.
        self._somebody_leaves = False
        # Of blocks, the oldest first.
        self._viewers: dict[UserId, None] = {}

    def __contains__(self, viewer: UserId) -> bool:
        return self._somebody_leaves or viewer in self._viewers

    def learn(self, viewer: UserId, *, by_leaving: bool | None) -> None:
        """Note by what somebody was hidden, where it was not guessed; None is nobody."""
        self._somebody_leaves = by_leaving is True
        if by_leaving:
            return
        if by_leaving is None:
            self._viewers.pop(viewer, None)
        elif viewer not in self._viewers:
            if len(self._viewers) >= self._most:
                del self._viewers[next(iter(self._viewers))]
            self._viewers[viewer] = None
