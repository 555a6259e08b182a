"""Photos: how they are found, shown and published."""

import secrets

import strawberry

from resolvers import drafts, originals
from resolvers.context import Info
from resolvers.finding import Asked, searched
from resolvers.ids import as_upload_id
from resolvers.narrowing import ANY, Around, PhotoSearch, Tag, narrowed, photos_by
from resolvers.paging import After, First, requested
from schema.photos import Photo, PhotoConnection, PhotoPayload, PublishPhotoInput
from storage import jobs, photos, quotas, uploads

UPLOAD = ("input", "uploadId")


async def every_photo(
    info: Info,
    first: First = 20,
    after: After = None,
    *,
    search: PhotoSearch = None,
    tag: Tag = None,
    near: Around = None,
) -> PhotoConnection:
    """Public photos that meet every condition given.

    With `search` the best match comes first, else with `near` the nearest, else the newest.
    """
    text, others = searched(search), narrowed(tag, near)
    asked, viewer = Asked(first, after), info.context.viewer_id
    if text is None and others == ANY:
        request = requested("photos", first, after)
        async with info.context.database.reading() as way:
            newest = await photos.newest_public(way, request, viewer, info.context.loaders.along)
        return PhotoConnection.of(newest)
    async with info.context.database.connect() as connection:
        return await photos_by(connection, asked, text, others, viewer)


async def publish(info: Info, input: PublishPhotoInput) -> PhotoPayload:
    """Turn an upload whose bytes have arrived into a photo; others see it once it is READY.

    Publishing one upload twice returns the same photo.
    """
    viewer = info.context.signed_in().user_id
    draft = drafts.of(input)
    id = as_upload_id(input.upload_id, *UPLOAD)
    async with info.context.database.reading() as way:
        upload = await uploads.require(way, id, viewer, *UPLOAD)
        before = await photos.by_upload(way, upload.id)
    if before is not None:
        return PhotoPayload(photo=Photo.of(before))
    async with (
        originals.kept(info.context, upload, *UPLOAD) as copy,
        info.context.database.begin() as tx,
    ):
        row, copy.is_used = await photos.add(
            tx, upload, draft, original_key=copy.key, media_token=secrets.token_hex(16)
        )
        if copy.is_used:
            # The grant may be over, and others have taken what it held.
            quota = info.context.rules.quota
            await quotas.require(
                tx, viewer, quota, byte_size=row.byte_size, path=UPLOAD, is_locked=True
            )
            await jobs.make_first_variants(tx, row.id, upload.staging_key)
    return PhotoPayload(photo=Photo.of(row))


async def original_url(photo: strawberry.Parent[Photo], info: Info) -> str | None:
    """A short-lived download link to the untouched original; null unless the photo is yours."""
    if info.context.viewer_id != photo.row.owner_id:
        return None
    original = await info.context.loaders.originals.load(photo.key)
    if original is None:
        return None
    return info.context.objects.presigned_get(
        original.key,
        info.context.rules.original_url_ttl,
        filename=original.filename or f"photo-{photo.key}.{original.content_type.split('/')[-1]}",
        content_type=original.content_type,
    )
