"""How many connections somebody has."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Full(Exception):
    """Somebody has as many as one may have."""


class Crowd:
    """Counts places by whoever takes them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """A place, given back in the end. Raises Full."""
        if self._taken[name] >= self._most:
            raise Full
        self._taken[name] += 1
        try:
            yield
        finally:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]
