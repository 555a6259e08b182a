"""Which object belongs to which row: the one truth for whoever compares, sweeps or repairs.

No key is used twice. Every key holds a token that was drawn for it, and the row that may have the
object is written before the object, or at once after it. So what no row speaks of once it is older
than any request or job lasts, none ever will.
"""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Exists,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from storage import avatars as avatar_keys
from storage import exports as export_keys
from storage.rows import PhotoStatus
from storage.tables import (
    avatars,
    exports,
    photos,
    remakings,
    replaced_variants,
    uploads,
    users,
    variants,
)
from storage.uploads import ORIGINALS_PREFIX, STAGING_PREFIX
from storage.variants import MEDIA_PREFIX, RESTRICTED_PREFIX

# In the order in which a store lists them. What lies elsewhere is not ours.
PREFIXES: Final = tuple(
    sorted((STAGING_PREFIX, ORIGINALS_PREFIX, MEDIA_PREFIX, RESTRICTED_PREFIX, export_keys.PREFIX))
)


def spoken_of() -> Subquery:
    """All objects that rows speak of; one that need not be there has `is_there` false."""
    rung = func.unnest(cast(list(avatar_keys.RUNGS), ARRAY(Integer))).column_valued("rung")
    square = func.concat(avatar_keys.PREFIX, users.c.avatar_token, "/", rung, ".webp")
    archive = func.concat(export_keys.PREFIX, exports.c.token, ".zip")
    each = (
        _claim("photos", photos.c.original_key, photos.c.byte_size),
        _claim("variants", variants.c.key, variants.c.byte_size),
        _claim("replaced", replaced_variants.c.key),
        _claim("avatars", avatars.c.original_key, avatars.c.byte_size),
        _claim("users", square).where(users.c.avatar_size >= rung),
        _claim("uploads", uploads.c.staging_key, is_there=false()),
        _claim("exports", archive, exports.c.byte_size, is_there=exports.c.expires_at > func.now()),
    )
    return union_all(*each).subquery("claims")


def is_unclaimed(key: ColumnElement[str]) -> ColumnElement[bool]:
    """True for the key of an object that no row speaks of, and that nobody may be writing now.

    Each part is a look into an index for a few keys, and a hash over a table for very many.
    """
    token = func.split_part(key, "/", 2)
    avatar_token = func.split_part(key, "/", 3)
    export_token = func.split_part(token, ".", 1)
    claims = (
        exists().where(photos.c.original_key == key),
        exists().where(avatars.c.original_key == key),
        exists().where(uploads.c.staging_key == key),
        exists().where(variants.c.key == key),
        exists().where(replaced_variants.c.key == key),
        exists().where(remakings.c.token == token),
        exists().where(photos.c.media_token == token, _may_be_written()),
        exists().where(users.c.avatar_token == avatar_token),
        exists().where(avatars.c.token == avatar_token),
        exists().where(exports.c.token == export_token),
    )
    return and_(*(~claim for claim in claims))


def _may_be_written() -> ColumnElement[bool]:
    """Whether somebody may write under the token of a photo: an attempt, or a move to there."""
    return or_(photos.c.status != PhotoStatus.READY, ~_lies_there())


def _lies_there() -> Exists:
    of_photo = variants.c.photo_id == photos.c.id
    token = func.split_part(variants.c.key, "/", 2)
    there = select(1).where(of_photo, token == photos.c.media_token)
    return exists(there.correlate_except(variants))


def _claim(
    name: str,
    key: ColumnElement[str],
    byte_size: ColumnElement[int] | None = None,
    is_there: ColumnElement[bool] | None = None,
) -> Select[str, str, int, bool]:
    return select(
        literal(name).label("table"),
        cast(key, Text).label("key"),
        cast(null() if byte_size is None else byte_size, BigInteger).label("byte_size"),
        (true() if is_there is None else is_there).label("is_there"),
    )
