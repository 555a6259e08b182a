-- 20,000 people and 200,000 photos, one a minute until now. No triggers: what they would keep
-- is filled in below.
SET session_replication_role = replica;

-- An index is made faster than it grows.
CREATE TEMPORARY TABLE indexes AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = 'photos'::regclass AND NOT indisunique;
DO $$ BEGIN
    EXECUTE (SELECT 'DROP INDEX ' || string_agg(name, ', ') FROM indexes);
END $$;

INSERT INTO users (username, display_name, is_private, created_at)
SELECT
    'user' || substr(md5(n::text), 1, 6) || n,
    (ARRAY['Ann', 'Bob', 'Cid', 'Dora', 'Emil'])[1 + n % 5] || ' ' || translate(substr(md5('x' || n), 1, 6), '0123456789', 'ghijklmnop'),
    n % 50 = 0,
    now() - n * interval '1 minute'
FROM generate_series(0, 19999) AS n;

INSERT INTO photos (
    owner_id, upload_id, title, caption, alt_text, tags, latitude, longitude, visibility, status,
    created_at, like_count, original_key, content_type, byte_size, checksum_sha256, media_token
)
SELECT
    owner.id,
    gen_random_uuid(),
    CASE WHEN n % 10 = 0 THEN 'sunset' ELSE 'w' || n % 20011 END,
    CASE
        WHEN n % 5000 = 1 THEN 'a quokka'
        WHEN n BETWEEN 20000 AND 40000 AND n % 3 = 0 THEN 'christmas'
        ELSE 'v' || n % 997
    END,
    CASE WHEN n % 400 = 1 THEN 'the harbour' ELSE 'u' || n % 101 END,
    CASE
        WHEN n % 10 = 3 THEN ARRAY['beach']
        WHEN n % 5000 = 7 THEN ARRAY['rare']
        WHEN n BETWEEN 20000 AND 40000 AND n % 3 = 0 THEN ARRAY['christmas']
        ELSE '{}'
    END,
    -- Two in five were taken within 60 km of one town, the closer the more.
    CASE WHEN n % 5 < 2 THEN 48 + 0.5 * sin(n) * (n % 1000 / 1000.0) END,
    CASE WHEN n % 5 < 2 THEN 11 + 0.5 * cos(n) * (n % 1000 / 1000.0) END,
    CASE WHEN n % 20 = 19 THEN 'FOLLOWERS' ELSE 'PUBLIC' END,
    'READY',
    now() - (200000 - n) * interval '1 minute',
    CASE WHEN n = 199900 THEN 20000 ELSE 0 END,
    'original' || n, 'image/jpeg', 1, '\x00', 'media' || n
FROM generate_series(1, 200000) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS number FROM users) AS owner
    ON owner.number = n % 20000;

DO $$ BEGIN
    EXECUTE (SELECT string_agg(definition, '; ') FROM indexes);
END $$;

INSERT INTO photo_tags (photo_id, tag, created_at)
SELECT id, tag, created_at FROM photos, unnest(tags) AS tag WHERE visibility = 'PUBLIC';

INSERT INTO vocabulary (word)
SELECT DISTINCT word FROM photos, unnest(tsvector_to_array(words)) AS word
WHERE visibility = 'PUBLIC' AND length(word) >= 4;

-- The newest user follows every tenth, and everybody likes one photo.
INSERT INTO follows (follower_id, followee_id)
SELECT first_value(id) OVER (ORDER BY number), id
FROM (SELECT id, row_number() OVER (ORDER BY created_at DESC) AS number FROM users) AS people
WHERE number % 10 = 1
OFFSET 1;

INSERT INTO likes (photo_id, user_id, created_at)
SELECT (SELECT id FROM photos WHERE original_key = 'original199900'), id, now() - interval '30 minutes'
FROM users;

SET session_replication_role = origin;
ANALYZE;
