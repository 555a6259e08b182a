"""Photos: how they are found, shown and published."""

import secrets

import strawberry

from resolvers import drafts
from resolvers.context import Context, Info
from resolvers.finding import Around, Asked, PhotoSearch, Tag, narrowed, photos_by, searched
from resolvers.ids import as_upload_id
from resolvers.paging import After, First
from schema.photos import Photo, PhotoConnection, PhotoPayload, PublishPhotoInput
from storage import jobs, photos, uploads
from storage.objects import ObjectMissing
from storage.refusals import Expired, Invalid, MissingObject
from storage.rows import UploadRow

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
    async with info.context.database.connect() as connection:
        return await photos_by(connection, asked, text, others, viewer)


async def publish(info: Info, input: PublishPhotoInput) -> PhotoPayload:
    """Turn an upload whose bytes have arrived into a photo; others see it once it is READY.

    Publishing one upload twice returns the same photo.
    """
    viewer = info.context.signed_in().user_id
    draft = drafts.of(input)
    async with info.context.database.connect() as connection:
        upload = await uploads.require(connection, as_upload_id(input.upload_id, *UPLOAD), viewer)
        before = await photos.by_upload(connection, upload.id)
    if before is not None:
        return PhotoPayload(photo=Photo.of(before))
    original_key = await _keep_original(info.context, upload)
    is_new = False
    try:
        async with info.context.database.begin() as tx:
            row, is_new = await photos.add(
                tx, upload, draft, original_key=original_key, media_token=secrets.token_hex(16)
            )
            if is_new:
                await jobs.make_variants(tx, row.id)
    finally:
        if not is_new:
            await info.context.objects.delete(original_key)
    return PhotoPayload(photo=Photo.of(row))


async def _keep_original(context: Context, upload: UploadRow) -> str:
    """Copy what arrived to a new key that no grant to upload can reach; the key."""
    # The file can be other than it was promised, so the bucket is asked, not the client.
    head = await context.objects.head(upload.staging_key)
    async with context.database.connect() as connection:
        if await uploads.is_over(connection, upload, arrived=head is not None):
            raise Expired("the upload has expired; create another one", *UPLOAD)
    if head is None:
        raise MissingObject("the bytes have not arrived; send the upload's request first", *UPLOAD)
    if head.byte_size != upload.byte_size:
        raise Invalid(
            f"{head.byte_size:,} bytes arrived; {upload.byte_size:,} were promised", *UPLOAD
        )
    key = f"{uploads.ORIGINALS_PREFIX}{secrets.token_hex(16)}"
    try:
        await context.objects.copy(upload.staging_key, key)
    except ObjectMissing:
        raise MissingObject("the bytes are gone; create another upload", *UPLOAD) from None
    return key


async def original_url(photo: strawberry.Parent[Photo], info: Info) -> str | None:
    """A short-lived download link to the untouched original; null unless the photo is yours."""
    if info.context.viewer_id != photo.owner_id:
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
