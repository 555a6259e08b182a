-- What a home feed reads, with :photos photos: the same 20,000 users and 120 viewers each time.
-- A quarter of the users, the silent, share none of the newest tenth of the photos.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';

-- Nobody searches here, and nothing is inserted twice. What the feed reads by is made at the end.
ALTER TABLE photos ALTER words DROP EXPRESSION, ALTER words DROP NOT NULL;
DO $$ BEGIN
    EXECUTE (
        SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), '; ')
        FROM pg_constraint
        WHERE conrelid IN ('photos'::regclass, 'variants'::regclass) AND contype IN ('u', 'c')
    );
END $$;
CREATE TEMPORARY TABLE indexes AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = 'photos'::regclass AND NOT indisprimary AND NOT indisunique;
DO $$ BEGIN
    EXECUTE (SELECT 'DROP INDEX ' || string_agg(name, ', ') FROM indexes);
END $$;

CREATE FUNCTION pg_temp.made_id(kind TEXT, n BIGINT, at TIMESTAMPTZ) RETURNS UUID LANGUAGE sql IMMUTABLE
    RETURN (
        lpad(to_hex((extract(epoch FROM at) * 1000)::BIGINT), 12, '0')
        || '7' || substr(md5(kind || n), 1, 3) || '8' || substr(md5(kind || n), 4, 15)
    )::UUID;

CREATE TEMPORARY TABLE people AS
SELECT n, pg_temp.made_id('user', n, moment.at) AS id, moment.at
FROM generate_series(0, 19999) AS n,
    LATERAL (SELECT TIMESTAMPTZ '2025-01-01Z' + n * INTERVAL '1 minute' AS at) AS moment;
CREATE UNIQUE INDEX ON people (n);
ANALYZE people;

-- Twenty viewers of a kind, which is their display name. "Silent" follow nobody but the silent.
CREATE TEMPORARY TABLE viewers AS
SELECT people.n, id, at, name, followees, name LIKE '%silent' AS is_of_silent
FROM people
JOIN (
    VALUES (0, '100', 100), (1, '500', 500), (2, '2,000', 2000), (3, '2,000 silent', 2000),
        (4, '5,000', 5000), (5, '5,000 silent', 5000)
) AS kind (n, name, followees) ON kind.n = people.n % 6
WHERE people.n < 120;

INSERT INTO users (id, username, display_name, created_at, following_count)
SELECT people.id, 'user' || people.n, coalesce(viewers.name, 'User ' || people.n), people.at,
    coalesce(viewers.followees, 0)
FROM people LEFT JOIN viewers USING (n);
INSERT INTO sessions (id, user_id, created_at, expires_at)
SELECT pg_temp.made_id('session', n, at), id, at, TIMESTAMPTZ '2100-01-01Z' FROM viewers;

-- Whom the others follow is scattered over all but the viewers.
INSERT INTO follows (follower_id, followee_id, created_at)
SELECT viewer.id, followee.id, TIMESTAMPTZ '2025-06-01Z'
FROM viewers AS viewer
CROSS JOIN LATERAL generate_series(0, viewer.followees - 1) AS place
JOIN people AS followee ON followee.n = CASE
    WHEN viewer.is_of_silent THEN 15000 + place
    ELSE 120 + (viewer.n * 97 + place * 7919) % 19880
END;

CREATE TEMPORARY TABLE pictures AS
SELECT picture.n, pg_temp.made_id('photo', picture.n, moment.at) AS id, moment.at, owner.id AS owner_id,
    md5('media' || picture.n) AS token
FROM generate_series(0, :photos - 1) AS picture (n)
CROSS JOIN LATERAL (
    SELECT date_trunc('milliseconds', TIMESTAMPTZ '2026-06-01Z' + picture.n * (INTERVAL '150 days' / :photos)) AS at
) AS moment
JOIN people AS owner ON owner.n = (hashint8extended(picture.n, 2) & 9007199254740991)
    % CASE WHEN picture.n < :photos * 0.9 THEN 20000 ELSE 15000 END;

INSERT INTO photos (
    id, owner_id, upload_id, title, caption, alt_text, visibility, status, created_at,
    width, height, blurhash, dominant_color,
    original_key, content_type, byte_size, checksum_sha256, media_token
)
SELECT id, owner_id, id, 'Light over the water, number ' || n, 'Taken on the way home.',
    'A picture with much sky', 'PUBLIC', 'READY', at, 4000, 3000, 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
    '#336699', 'originals/' || n, 'image/jpeg', 4000000, '\x00', token
FROM pictures;
DO $$ BEGIN
    EXECUTE (SELECT string_agg(definition, '; ') FROM indexes WHERE definition LIKE '%btree%');
END $$;

CREATE TEMPORARY TABLE variant_key AS
SELECT conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE conrelid = 'variants'::regclass AND contype = 'p';
DO $$ BEGIN
    EXECUTE (SELECT format('ALTER TABLE variants DROP CONSTRAINT %I', name) FROM variant_key);
END $$;
INSERT INTO variants (photo_id, name, key, width, height, content_type, byte_size)
SELECT id, name, 'media/' || token || '/' || lower(name) || '.webp', width, width * 3 / 4,
    'image/webp', width * 100
FROM pictures, (VALUES ('THUMB', 320), ('MEDIUM', 1080), ('FULL', 2048)) AS size (name, width);
DO $$ BEGIN
    EXECUTE (SELECT format('ALTER TABLE variants ADD CONSTRAINT %I %s', name, definition) FROM variant_key);
END $$;
SET session_replication_role = origin;
