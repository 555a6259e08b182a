"""A connection for hot reads, which asks PostgreSQL with less on the way than `fetch` does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncpg import Connection, InvalidCachedStatementError, OutdatedSchemaCacheError, Record

if TYPE_CHECKING:
    _Connection: TypeAlias = Connection[Record]
else:
    _Connection = Connection


class Reader(_Connection):
    """Asked by one at a time, and cut off by whoever lends it out when it is silent.

    That is why it can do without what asyncpg's `fetch` does beyond this, and without a timer for
    each statement: together a quarter of what one costs. What is called here is no promised API:
    the version is pinned, and tests hold both ways against each other.
    """

    __slots__ = ("_is_cut_off", "question")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_cut_off = False
        self.question = 0
        """Which statement it was asked last; odd while that is not answered."""

    async def answer(self, text: str, values: Sequence[Any]) -> list[Record]:
        """The rows of the answer. Raises what `fetch` raises, TimeoutError when it is cut off."""
        self._check_open()  # type: ignore[attr-defined] # asyncpg's own.
        self.question += 1
        try:
            statement = await self._get_statement(text, None)  # type: ignore[attr-defined] # As above.
            answering = self._protocol.bind_execute(  # type: ignore[attr-defined] # As above.
                state=statement,
                args=values,
                portal_name="",
                limit=0,
                return_extra=False,
                timeout=None,
            )
            found: list[Record] = await answering
        except (InvalidCachedStatementError, OutdatedSchemaCacheError):
            # What it was prepared for has changed; asyncpg knows how to prepare it anew.
            return await self.fetch(text, *values)
        except Exception:
            if self._is_cut_off:
                raise TimeoutError from None
            raise
        finally:
            self.question += 1
        return found

    def cut_off(self) -> None:
        """End it, because PostgreSQL has not answered for too long."""
        self._is_cut_off = True
        self.terminate()
