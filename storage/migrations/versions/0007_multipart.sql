-- What an owner's originals have in bytes, kept in step with the photos.
ALTER TABLE users
    ADD COLUMN own_byte_size BIGINT DEFAULT '0' NOT NULL,
    ADD CONSTRAINT users_own_byte_size_check CHECK (own_byte_size >= 0);

UPDATE users SET own_byte_size = held.byte_size
FROM (SELECT owner_id, sum(byte_size) AS byte_size FROM photos GROUP BY owner_id) held
WHERE held.owner_id = users.id;

-- The store's name for an object that arrives in parts, and how large each is.
ALTER TABLE uploads
    ADD COLUMN parts_id TEXT,
    ADD COLUMN part_bytes INTEGER,
    ADD CONSTRAINT uploads_parts_check CHECK ((parts_id is null) = (part_bytes is null));

CREATE INDEX uploads_user_id_expires_at_idx ON uploads (user_id, expires_at);
