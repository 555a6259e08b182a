"""Work for later, enqueued in the transaction that makes it necessary.

Asking twice is harmless: who comes second finds nothing to do.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import turns, writes
from storage.database import Writing, fetch
from storage.rows import AvatarId, MailId, PhotoId, UserId

MAKE_VARIANTS = "make_variants"
MOVE_VARIANTS = "move_variants"
MOVE_VARIANTS_OF = "move_variants_of"
REMOVE_OBJECTS = "remove_objects"
MAKE_AVATAR = "make_avatar"
ERASE_ACCOUNT = "erase_account"
EXPORT_ACCOUNT = "export_account"
SEND_MAIL = "send_mail"
SWEEP_ROWS = "sweep_rows"
SWEEP_OBJECTS = "sweep_objects"
REGENERATE = "regenerate"
REMAKE_VARIANTS = "remake_variants"
ASK_MODERATION = "ask_moderation"

KINDS = frozenset(
    {
        MAKE_VARIANTS,
        MOVE_VARIANTS,
        MOVE_VARIANTS_OF,
        REMOVE_OBJECTS,
        MAKE_AVATAR,
        ERASE_ACCOUNT,
        EXPORT_ACCOUNT,
        SEND_MAIL,
        SWEEP_ROWS,
        SWEEP_OBJECTS,
        REGENERATE,
        REMAKE_VARIANTS,
        ASK_MODERATION,
    }
)

# Priorities: of what somebody waits for at this moment, and of what nobody does. Photos have their
# turns, from 0 downwards; all others have 0.
SOON = 10
LATER = -1_000_000_000
LAST = -2_000_000_000

# By then no grant to upload is good any more, and whoever was still writing has come to an end.
LATE = timedelta(minutes=20)


class Unreadable(ValueError):
    """A job does not say what it is about, and never will."""


async def make_variants(tx: Writing, id: PhotoId) -> None:
    """Have the variants of a photo made once the transaction is committed, in its owner's turn."""
    await _enqueue(tx, MAKE_VARIANTS, id.bytes, priority=-await turns.of_photo(tx, id))


async def make_first_variants(tx: Writing, id: PhotoId, staging_key: str) -> None:
    """Like `make_variants`, and have what the photo was sent as removed once no grant is left."""
    turn = await turns.of_photo(tx, id)
    # By then the grant is over, so that nothing can come back under the key.
    kinds, payloads = [MAKE_VARIANTS, REMOVE_OBJECTS], [id.bytes, _keys([staging_key])]
    queries = await _queries(tx)
    await queries.enqueue(kinds, [*payloads], [-turn, 0], execute_after=[None, LATE])


async def move_variants(tx: Writing, id: PhotoId) -> None:
    """Have the variants of a photo brought to where its audience may reach them."""
    await _enqueue(tx, MOVE_VARIANTS, id.bytes)


async def move_variants_of(tx: Writing, owner: UserId) -> None:
    """Have the variants of all photos of a user brought to where their audience may reach them."""
    await _enqueue(tx, MOVE_VARIANTS_OF, owner.bytes)


async def remove_objects(tx: Writing, keys: Sequence[str], after: timedelta | None = None) -> None:
    """Have objects removed that no row will speak of again; the absent ones are no matter."""
    await _enqueue(tx, REMOVE_OBJECTS, _keys(keys), after)


async def remove_for_good(tx: Writing, keys: Iterable[str]) -> None:
    """Like `remove_objects`, and once more for what somebody is still writing at this moment."""
    ordered = sorted(keys)
    await remove_objects(tx, ordered)
    await remove_objects(tx, ordered, after=LATE)


async def make_avatar(tx: Writing, id: AvatarId) -> None:
    """Have the squares of an avatar made once the transaction is committed."""
    await _enqueue(tx, MAKE_AVATAR, id.bytes)


async def erase_account(tx: Writing, id: UserId, after: timedelta | None = None) -> None:
    """Have an account that was left taken apart."""
    await _enqueue(tx, ERASE_ACCOUNT, id.bytes, after)


async def export_account(tx: Writing, id: UserId) -> None:
    """Have the export made that a user asked for."""
    await _enqueue(tx, EXPORT_ACCOUNT, id.bytes)


async def send_mail(tx: Writing, id: MailId) -> None:
    """Have a mail sent once the transaction is committed."""
    await _enqueue(tx, SEND_MAIL, id.bytes, priority=SOON)


async def ask_moderation(tx: Writing, id: PhotoId, after: timedelta | None = None) -> None:
    """Have the moderation service asked about a held photo."""
    await _enqueue(tx, ASK_MODERATION, id.bytes, after)


async def sweep(tx: Writing, kind: str) -> None:
    """Have one of the sweeps run, unless it waits or runs already."""
    await (await _queries(tx)).enqueue(kind, None, dedupe_key=kind, on_conflict="skip")


async def regenerate(tx: Writing, id: UUID, after: timedelta | None = None) -> None:
    """Have the next photos of a regeneration taken up, when nothing else is to be done."""
    queries = await _queries(tx)
    await queries.enqueue(REGENERATE, id.bytes, LAST, execute_after=after)


async def remake_variants(tx: Writing, ids: Sequence[PhotoId]) -> None:
    """Have the variants of photos made anew, after all that somebody waits for."""
    kinds, payloads = [REMAKE_VARIANTS] * len(ids), [id.bytes for id in ids]
    await (await _queries(tx)).enqueue(kinds, [*payloads], [LATER] * len(ids))


def photo_of(payload: bytes | None) -> PhotoId:
    """The photo that a job is about. Raises Unreadable, as all of these do."""
    return PhotoId(_uuid(payload))


def avatar_of(payload: bytes | None) -> AvatarId:
    """The avatar that a job is about."""
    return AvatarId(_uuid(payload))


def regeneration_of(payload: bytes | None) -> UUID:
    """The regeneration that a job is about."""
    return _uuid(payload)


def user_of(payload: bytes | None) -> UserId:
    """The user that a job is about."""
    return UserId(_uuid(payload))


def mail_of(payload: bytes | None) -> MailId:
    """The mail that a job is about."""
    return MailId(_uuid(payload))


def keys_of(payload: bytes | None) -> list[str]:
    """The keys of the objects that a job of `remove_objects` is about."""
    try:
        keys = json.loads(payload or b"")
    except ValueError as error:
        raise Unreadable("a job has no list of keys") from error
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Unreadable("a job has no list of keys")
    return keys


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many jobs of a kind wait, for how long the oldest has, and how many were given up."""

    kind: str
    depth: int
    age_s: float
    given_up: int


async def waiting(connection: AsyncConnection) -> list[Waiting]:
    """What waits of each kind and what was given up, of kinds that nobody knows, too."""
    is_due = "status = 'queued' and execute_after <= now()"
    counted = text(
        f"select entrypoint, count(*) filter (where {is_due}),"  # noqa: S608 - No value is in it.
        f" coalesce(extract(epoch from now() - min(created) filter (where {is_due})), 0)::float8,"
        " count(*) filter (where status = 'failed')"
        " from pgqueuer where status in ('queued', 'failed') group by entrypoint order by 1"
    )
    found = {row.kind: row for row in await fetch(connection, counted, Waiting)}
    return [found.get(kind) or Waiting(kind, 0, 0.0, 0) for kind in sorted(KINDS | found.keys())]


def _keys(keys: Sequence[str]) -> bytes:
    return json.dumps(list(keys)).encode()


def _uuid(payload: bytes | None) -> UUID:
    try:
        return UUID(bytes=payload or b"")
    except ValueError as error:
        raise Unreadable("a job has no id of what it is about") from error


async def _enqueue(
    tx: Writing, kind: str, payload: bytes, after: timedelta | None = None, priority: int = 0
) -> None:
    await (await _queries(tx)).enqueue(kind, payload, priority, execute_after=after)


async def _queries(tx: Writing) -> Queries:
    return Queries(AsyncpgDriver(await writes.driver(tx)))
