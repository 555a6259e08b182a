"""What is known of keys, kept as it came until somebody asks in another order."""

from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

# How many lists are kept as they came; whoever asks for one of more looks for each key.
MOST_LISTS: Final = 4


class Known(Generic[Key, Value]):
    """Values by key: the same value wherever a key is told, for one operation has one answer.

    A page's edges are asked for in the order of its entries, which is the order in which they came.
    Comparing those lists takes no hash of any key; for a page of ids that is most of the work.
    """

    __slots__ = ("_by_key", "_came", "_sorted_in")

    def __init__(self) -> None:
        self._came: list[tuple[list[Key], Sequence[Value]]] = []
        self._by_key: dict[Key, Value] = {}
        # So many of the lists are known by key as well.
        self._sorted_in = 0

    def add(self, keys: list[Key], values: Sequence[Value]) -> None:
        """Know a value for each key."""
        self._came.append((keys, values))

    def of(self, keys: list[Key]) -> list[Value]:
        """The value of each key. Raises KeyError when there is one that is not known."""
        many = len(keys)
        for came, values in self._came[:MOST_LISTS]:
            # Of a page one entry more was read than is shown.
            if keys == came[:many]:
                return list(values[:many])
        by_key = self._sorted()
        return [by_key[key] for key in keys]

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that are not known."""
        by_key = self._sorted()
        return [key for key in keys if key not in by_key]

    def _sorted(self) -> dict[Key, Value]:
        by_key = self._by_key
        for keys, values in self._came[self._sorted_in :]:
            for key, value in zip(keys, values, strict=True):
                by_key.setdefault(key, value)
        self._sorted_in = len(self._came)
        return by_key
