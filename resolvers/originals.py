"""What arrived, kept where no grant to upload can reach it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from resolvers import parts
from resolvers.context import Context
from storage import uploads
from storage.objects import ObjectMissing
from storage.reached import Collided
from storage.refusals import Expired, Invalid, MissingObject, Refusal
from storage.rows import UploadRow

# A store on plain files has nothing there for a moment while the same bytes are sent again.
PAUSES_S: Final = (0.05, 0.2, 0.5, 0.0)


@dataclass(slots=True)
class Copy:
    """A copy of an upload's bytes, of no use until a row speaks of it."""

    key: str
    is_used: bool = False


@asynccontextmanager
async def kept(context: Context, upload: UploadRow, *path: str) -> AsyncIterator[Copy]:
    """A copy of what arrived; removed at the end unless it is used.

    Raises Expired, MissingObject, and Invalid when it is not what was promised.
    """
    copy = Copy(await _copied(context, upload, path))
    try:
        yield copy
    except (Collided, Refusal):
        # Unlike after a lost connection it is certain that no row speaks of it.
        copy.is_used = False
        raise
    finally:
        if not copy.is_used:
            await context.objects.delete(copy.key)


async def _copied(context: Context, upload: UploadRow, path: tuple[str, ...]) -> str:
    # The file can be other than it was promised, so the bucket is asked, not the client.
    head = await context.objects.head(upload.staging_key) or await parts.joined(context, upload)
    # More parts may still be sent as long as the upload can be published.
    may_wait = head is not None or upload.parts_id is not None
    async with context.database.reading() as way:
        if await uploads.is_over(way, upload, arrived=may_wait):
            raise Expired("the upload has expired; create another one", *path)
    if head is None and upload.parts_id is not None:
        raise MissingObject("parts are missing; send those that have not `arrived`", *path)
    if head is None:
        raise MissingObject("the bytes have not arrived; send the upload's request first", *path)
    if head.byte_size != upload.byte_size:
        raise Invalid(
            f"{head.byte_size:,} bytes arrived; {upload.byte_size:,} were promised", *path
        )
    key = f"{uploads.ORIGINALS_PREFIX}{secrets.token_hex(16)}"
    for pause_s in PAUSES_S:
        with suppress(ObjectMissing):
            await context.objects.keep(upload.staging_key, key, upload.content_type)
            return key
        await asyncio.sleep(pause_s)
    raise MissingObject("the bytes are gone; create another upload", *path)
