"""People, photos and follows, made the short way for tests that are about something else."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from schema.nodes import global_id
from server import parts
from server.settings import Settings
from storage import follows, photos, sessions, uploads, users, variants
from storage.database import Database
from storage.photos import Draft
from storage.rows import PhotoId, UserId, VariantName, VariantRow, Visibility
from storage.tables import blocks
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
) -> Shared:
    draft = Draft(title, "", "", [], None, None, None, visibility)
    promise = Promise("image/jpeg", 1, secrets.token_bytes(32), None)
    token = secrets.token_hex(16)
    async with database.begin() as tx:
        upload = await uploads.add(tx, owner.key, promise, None, upload_ttl=LONG, publish_ttl=LONG)
        row, _ = await photos.add(
            tx, upload, draft, original_key=f"originals/{token}", media_token=token
        )
        if is_ready:
            attempt = await variants.begin_attempt(tx, row.id)
            assert attempt is not None
            await variants.finish(
                tx,
                attempt,
                _made(row.id, token),
                width=4000,
                height=3000,
                blurhash="L6PZfSi_.AyE_3t7t7R**0o#DgR4",
                dominant_color="#a0c4ff",
            )
    return Shared(global_id("photo", row.id), row.id)


def _made(id: PhotoId, token: str) -> list[VariantRow]:
    return [
        VariantRow(id, name, variants.key(token, name), side, side * 3 // 4, "image/webp", side)
        for name, side in SIZES.items()
    ]


async def make_follow(database: Database, *, by: Person, of: Person) -> None:
    async with database.begin() as tx:
        await follows.add(tx, by.key, of.key)


async def make_private(database: Database, person: Person) -> None:
    async with database.begin() as tx:
        await users.change(tx, person.key, is_private=True)


async def make_block(database: Database, *, by: Person, of: Person) -> None:
    async with database.begin() as tx:
        await tx.execute(blocks.insert().values(blocker_id=by.key, blocked_id=of.key))
