"""People, photos and what people do, made the short way for tests that are about something else."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, literal, select

from schema.nodes import global_id
from server import parts
from server.settings import Settings
from storage import comments, follows, likes, photos, sessions, uploads, users, variants
from storage.database import Database
from storage.photos import Draft
from storage.rows import AttemptRow, CommentId, PhotoId, UserId, VariantName, VariantRow, Visibility
from storage.tables import blocks
from storage.tables import variants as variant_table
from storage.uploads import Promise

LONG = timedelta(days=1)
SIZES = {VariantName.THUMB: 320, VariantName.MEDIUM: 1080, VariantName.FULL: 2048}


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    key: UserId
    username: str
    token: str


@dataclass(frozen=True, slots=True)
class Shared:
    id: str
    key: PhotoId


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    key: CommentId


async def make_person(database: Database, settings: Settings, name: str) -> Person:
    username = f"{name}_{secrets.token_hex(6)}"
    async with database.begin() as tx:
        row = await users.add(
            tx,
            username=username,
            email=f"{username}@example.org",
            password_hash="-",
            display_name=name.title(),
        )
        signing = parts.tokens(settings)
        session = await sessions.begin(tx, row.id, signing.first_refresh(), LONG)
    return Person(global_id("user", row.id), row.id, username, signing.access(session)[0])


async def make_photo(
    database: Database,
    owner: Person,
    *,
    visibility: Visibility = Visibility.PUBLIC,
    is_ready: bool = True,
    title: str = "",
    caption: str = "",
    alt_text: str = "",
    tags: Sequence[str] = (),
    at: tuple[float, float] | None = None,
) -> Shared:
    latitude, longitude = at or (None, None)
    draft = Draft(title, caption, alt_text, [*tags], latitude, longitude, None, visibility)
    promise = Promise("image/jpeg", 1, secrets.token_bytes(32), None)
    token = secrets.token_hex(16)
    async with database.begin() as tx:
        upload = await uploads.add(tx, owner.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        row, _ = await photos.add(
            tx, upload, draft, original_key=f"originals/{token}", media_token=token
        )
    photo = Shared(global_id("photo", row.id), row.id)
    if is_ready:
        await make_ready(database, photo)
    return photo


async def make_ready(database: Database, photo: Shared) -> None:
    async with database.begin() as tx:
        attempt = await variants.begin_attempt(tx, photo.key)
        assert attempt is not None
        await variants.finish(
            tx,
            attempt,
            made(attempt),
            width=4000,
            height=3000,
            blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4",
            dominant_color="#a0c4ff",
        )


async def make_jpegs(database: Database, photos: Sequence[Shared]) -> None:
    """The same variants in the other format."""
    columns = variant_table.c
    key = func.replace(columns.key, ".webp", ".jpg")
    jpeg = {"content_type": literal("image/jpeg"), "key": key}
    made = select(*(jpeg.get(column.name, column) for column in columns))
    of_photos = made.where(columns.photo_id.in_([photo.key for photo in photos]))
    async with database.begin() as tx:
        await tx.execute(insert(variant_table).from_select(list(columns.keys()), of_photos))


def made(attempt: AttemptRow) -> list[VariantRow]:
    """The variants that a worker would make; their bytes are not in the store."""

    def variant(name: VariantName, side: int) -> VariantRow:
        key = variants.key(attempt.media_token, name, is_public=attempt.is_public)
        return VariantRow(name, key, side, side * 3 // 4, "image/webp", byte_size=side)

    return [variant(name, side) for name, side in SIZES.items()]


async def make_follow(database: Database, *, by: Person, of: Person) -> None:
    async with database.begin() as tx:
        await follows.add(tx, by.key, of.key)


async def make_private(database: Database, person: Person) -> None:
    async with database.begin() as tx:
        await users.change(tx, person.key, is_private=True)


async def make_block(database: Database, *, by: Person, of: Person) -> None:
    async with database.begin() as tx:
        await tx.execute(blocks.insert().values(blocker_id=by.key, blocked_id=of.key))


async def make_like(database: Database, *, by: Person, of: Shared) -> None:
    async with database.begin() as tx:
        await likes.add(tx, of.key, by.key)


async def make_comment(
    database: Database, *, by: Person, of: Shared, to: Written | None = None, body: str = "Oh."
) -> Written:
    async with database.begin() as tx:
        row = await comments.add(tx, of.key, by.key, body, to.key if to else None)
    return Written(global_id("comment", row.id), row.id)
