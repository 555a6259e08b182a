"""From what somebody typed to what the index over the words of photos is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

_TYPED = sql("""
    select word, array(select words_alike(word))
    from string_to_table(folded(:typed), ' ') with ordinality as typed (word, place)
    order by place
""")


@dataclass(frozen=True, slots=True)
class Terms:
    """Two queries for all the words: as they were typed, and with those spelled alike.

    The last word may be the beginning of a longer one.
    """

    typed: str
    alike: str


async def terms(connection: AsyncConnection, typed: str) -> Terms | None:
    """The queries for a text that may hold anything; None when no letter or digit is in it."""
    found = [(word, alike) for word, alike in await connection.execute(_TYPED, {"typed": typed})]
    if not found:
        return None
    return Terms(
        typed=_every([[word] for word, _ in found]),
        alike=_every([[word, *alike] for word, alike in found]),
    )


def _every(words: Sequence[Sequence[str]]) -> str:
    # The words have nothing but letters and digits left in them, so quotes are enough.
    *complete, last = [[f"'{word}'" for word in alternatives] for alternatives in words]
    last = [f"{last[0]}:*", *last[1:]]
    return " & ".join(f"({' | '.join(alternatives)})" for alternatives in [*complete, last])
