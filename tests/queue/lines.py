"""Long lines: photos that await their variants, and their jobs, made by one statement."""

from sqlalchemy import TextClause, text


def many_photos(priority: str) -> TextClause:
    """Inserts `:many` photos of `:owner` without files; *priority* is SQL, and may count rows."""
    return text(
        f"""
        with made as (
            insert into photos (
                id, owner_id, upload_id, visibility, status, original_key, content_type,
                byte_size, checksum_sha256, media_token
            )
            select uuidv7(), :owner, gen_random_uuid(), 'PUBLIC', 'PROCESSING',
                'originals/' || gen_random_uuid(), 'image/jpeg', 1, '', gen_random_uuid()
            from generate_series(1, :many)
            returning id
        )
        insert into pgqueuer (priority, status, entrypoint, payload)
        select {priority}, 'queued', 'make_variants', uuid_send(id) from made
        """
    )
