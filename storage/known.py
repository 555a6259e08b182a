"""What is known of keys, kept as it came until somebody asks in another order."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Known(Generic[Key, Value]):
    """Values by key; what is known already is not changed.

    A page's edges are asked for in the order of its entries, which is the order in which they came.
    Comparing those lists takes no hash of any key; for a page of ids that is most of the work.
    """

    __slots__ = ("_by_key", "_keys", "_values")

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._values: Sequence[Value] = ()
        self._by_key: dict[Key, Value] | None = None

    def add(self, keys: list[Key], values: Sequence[Value]) -> None:
        """Know a value for each key, which is the same wherever a key is repeated."""
        if not self._keys and self._by_key is None:
            self._keys, self._values = keys, values
            return
        by_key = self._sorted()
        for key, value in zip(keys, values, strict=True):
            by_key.setdefault(key, value)

    def of(self, keys: list[Key]) -> list[Value]:
        """The value of each key. Raises KeyError when there is one that is not known."""
        many = len(keys)
        # Of a page one entry more was read than is shown.
        if keys == self._keys[:many]:
            return list(self._values[:many])
        by_key = self._sorted()
        return [by_key[key] for key in keys]

    def missing(self, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that are not known."""
        by_key = self._sorted()
        return [key for key in keys if key not in by_key]

    def _sorted(self) -> dict[Key, Value]:
        if self._by_key is None:
            self._by_key = dict(zip(self._keys, self._values, strict=True))
        return self._by_key
