-- The data set S of :users users, the same each time. No triggers: what they would keep is filled in.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';

-- An index is made faster than it grows.
CREATE TEMPORARY TABLE indexes AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE NOT indisunique
    AND indrelid IN ('photos'::regclass, 'follows'::regclass, 'likes'::regclass, 'comments'::regclass);
DO $$ BEGIN
    EXECUTE (SELECT 'DROP INDEX ' || string_agg(name, ', ') FROM indexes);
END $$;

-- From 0 to 1, by the number alone.
CREATE FUNCTION pg_temp.chance(n BIGINT, salt BIGINT) RETURNS FLOAT8 LANGUAGE sql IMMUTABLE
    RETURN (hashint8extended(n, salt) & 9007199254740991) / 9007199254740992.0;

-- A UUIDv7 whose random bits are a hash.
CREATE FUNCTION pg_temp.made_id(kind TEXT, n BIGINT, at TIMESTAMPTZ) RETURNS UUID LANGUAGE sql IMMUTABLE
    RETURN (
        lpad(to_hex((extract(epoch FROM at) * 1000)::BIGINT), 12, '0')
        || '7' || substr(md5(kind || n), 1, 3) || '8' || substr(md5(kind || n), 4, 15)
    )::UUID;

CREATE TEMPORARY TABLE people AS
SELECT
    n,
    pg_temp.made_id('user', n, at) AS id,
    at,
    -- A hundred follow 500, ten follow 5,000, everybody else about a hundred.
    least(:users / 2, CASE
        WHEN n % (:users / 100) = 7 THEN 500
        WHEN n % (:users / 10) = 11 THEN 5000
        ELSE 95 + (n % 100 < 55)::INT
    END) AS degree
FROM generate_series(0, :users - 1) AS n,
    LATERAL (SELECT TIMESTAMPTZ '2025-01-01Z' + n * INTERVAL '1 minute' AS at) AS moment;
CREATE UNIQUE INDEX ON people (n);
ANALYZE people;

INSERT INTO users (id, username, display_name, bio, is_private, created_at)
SELECT
    id, 'user' || n,
    (ARRAY['Ann', 'Bob', 'Cid', 'Dora', 'Emil'])[1 + n % 5] || ' ' || initcap(translate(substr(md5('x' || n), 1, 6), '0123456789', 'ghijklmnop')),
    'Photographs of ' || (ARRAY['birds', 'harbours', 'mountains', 'bridges'])[1 + n % 4],
    n % 50 = 49, at
FROM people;

INSERT INTO sessions (id, user_id, created_at, expires_at)
SELECT pg_temp.made_id('session', n, at), id, at, TIMESTAMPTZ '2100-01-01Z' FROM people;

-- By power law: a few have most followers.
INSERT INTO follows (follower_id, followee_id, created_at)
SELECT follower.id, followee.id, TIMESTAMPTZ '2025-06-01Z' + followed.place * INTERVAL '1 minute'
FROM (
    SELECT n, to_n, row_number() OVER (PARTITION BY n ORDER BY first) AS place, degree
    FROM (
        SELECT p.n, p.degree, t.to_n, min(t.try) AS first
        FROM people AS p, LATERAL (
            SELECT try, floor(:users * pg_temp.chance(p.n * 100000 + try, 1) ^ 2)::BIGINT AS to_n
            FROM generate_series(1, p.degree + 40 + p.degree * p.degree * 4 / :users) AS try
        ) AS t
        WHERE t.to_n <> p.n
        GROUP BY p.n, p.degree, t.to_n
    ) AS tried
) AS followed
JOIN people AS follower ON follower.n = followed.n
JOIN people AS followee ON followee.n = followed.to_n
WHERE place <= followed.degree;

INSERT INTO follow_requests (follower_id, followee_id)
SELECT asking.id, asked.id
FROM people AS asking JOIN people AS asked ON asked.n = (asking.n / 50) * 50 + 49
WHERE asking.n % 50 = 3
    AND NOT EXISTS (SELECT FROM follows WHERE follower_id = asking.id AND followee_id = asked.id);

-- Some stand apart: one in twenty blocked somebody.
INSERT INTO blocks (blocker_id, blocked_id)
SELECT one.id, other.id
FROM people AS one JOIN people AS other ON other.n = (one.n * 7 + 13) % :users
WHERE one.n % 20 = 5 AND one.n <> other.n;
DELETE FROM follows USING blocks WHERE follower_id = blocker_id AND followee_id = blocked_id;
DELETE FROM follows USING blocks WHERE follower_id = blocked_id AND followee_id = blocker_id;

CREATE TEMPORARY TABLE pictures AS
SELECT picture.n, pg_temp.made_id('photo', picture.n, whole.at) AS id, whole.at, owner.id AS owner_id,
    md5('media' || picture.n) AS token,
    CASE WHEN picture.n % 20 = 19 THEN 'FOLLOWERS' WHEN picture.n % 50 = 17 THEN 'PRIVATE' ELSE 'PUBLIC' END AS visibility,
    owner.n % 50 = 49 AS is_private
FROM generate_series(0, :photos - 1) AS picture (n)
CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-06-01Z' + picture.n * (INTERVAL '150 days' / :photos) AS exactly) AS moment
CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', exactly) AS at) AS whole
JOIN people AS owner ON owner.n = floor(:users * pg_temp.chance(picture.n, 2))::BIGINT;
CREATE UNIQUE INDEX ON pictures (n);
ANALYZE pictures;

INSERT INTO photos (
    id, owner_id, upload_id, title, caption, alt_text, tags, visibility, status, created_at,
    width, height, blurhash, dominant_color,
    original_key, content_type, byte_size, checksum_sha256, media_token
)
SELECT
    id, owner_id, pg_temp.made_id('upload', n, at),
    'Light over the water, number ' || n,
    'Taken on the way home; the ' || (ARRAY['birds', 'boats', 'clouds'])[1 + n % 3] || ' were gone a minute later.',
    'A picture with much sky', ARRAY['tag' || n % 97],
    visibility, 'READY', at, 4000, 3000, 'LEHV6nWB2yk8pyo0adR*.7kCMdnj', '#' || substr(md5('c' || n), 1, 6),
    'originals/' || n, 'image/jpeg', 4000000, sha256(n::text::bytea), token
FROM pictures;

INSERT INTO variants (photo_id, name, key, width, height, content_type, byte_size)
SELECT id, name,
    CASE WHEN visibility = 'PUBLIC' AND NOT is_private THEN 'media/' ELSE 'restricted/' END
    || token || '/' || lower(name) || '.webp',
    width, width * 3 / 4, 'image/webp', width * 100
FROM pictures, (VALUES ('THUMB', 320), ('MEDIUM', 1080), ('FULL', 2048)) AS size (name, width);

INSERT INTO likes (photo_id, user_id, created_at)
SELECT photo.id, liker.id, photo.at + liked.n % 1000 * INTERVAL '1 minute'
FROM (
    SELECT photo_n, user_n, min(try) AS n
    FROM (
        SELECT try, floor(:photos * pg_temp.chance(try, 3) ^ 2)::BIGINT AS photo_n,
            floor(:users * pg_temp.chance(try, 4))::BIGINT AS user_n
        FROM generate_series(1, :photos * 10 + :photos / 30) AS try
    ) AS tried
    GROUP BY photo_n, user_n
    ORDER BY n
    LIMIT :photos * 10
) AS liked
JOIN pictures AS photo ON photo.n = photo_n
JOIN people AS liker ON liker.n = user_n;

CREATE TEMPORARY TABLE words AS
SELECT word.n, pg_temp.made_id('comment', word.n, moment.at) AS id, photo.id AS photo_id,
    author.id AS author_id, moment.at
FROM generate_series(1, :photos * 18 / 10) AS word (n)
JOIN pictures AS photo ON photo.n = floor(:photos * pg_temp.chance(word.n, 5) ^ 2)::BIGINT
JOIN people AS author ON author.n = floor(:users * pg_temp.chance(word.n, 6))::BIGINT,
    LATERAL (SELECT photo.at + word.n % 1000 * INTERVAL '1 minute' AS at) AS moment;

INSERT INTO comments (id, photo_id, author_id, body, created_at, reply_count)
SELECT id, photo_id, author_id, 'What a light! I was there in spring, number ' || n, at, (n % 9 = 0)::INT FROM words;
INSERT INTO comments (id, photo_id, author_id, parent_id, body, created_at)
SELECT pg_temp.made_id('reply', n, at), photo_id, author_id, id, 'And again in autumn', at + INTERVAL '1 hour'
FROM words WHERE n % 9 = 0;

UPDATE photos SET
    like_count = coalesce(l.total, 0), comment_count = coalesce(c.total, 0)
FROM pictures AS p
LEFT JOIN (SELECT photo_id, count(*) AS total FROM likes GROUP BY 1) AS l ON l.photo_id = p.id
LEFT JOIN (SELECT photo_id, count(*) AS total FROM comments GROUP BY 1) AS c ON c.photo_id = p.id
WHERE photos.id = p.id AND (l.total IS NOT NULL OR c.total IS NOT NULL);

UPDATE users SET
    own_photo_count = coalesce(owned.own, 0),
    followers_photo_count = coalesce(owned.for_followers, 0),
    public_photo_count = coalesce(owned.public, 0),
    own_byte_size = coalesce(owned.bytes, 0),
    follower_count = coalesce(followers.total, 0),
    following_count = coalesce(following.total, 0)
FROM people AS p
LEFT JOIN (
    SELECT owner_id, count(*) AS own, count(*) FILTER (WHERE visibility <> 'PRIVATE') AS for_followers,
        count(*) FILTER (WHERE visibility = 'PUBLIC') AS public, sum(byte_size) AS bytes
    FROM photos GROUP BY 1
) AS owned ON owned.owner_id = p.id
LEFT JOIN (SELECT followee_id, count(*) AS total FROM follows GROUP BY 1) AS followers ON followers.followee_id = p.id
LEFT JOIN (SELECT follower_id, count(*) AS total FROM follows GROUP BY 1) AS following ON following.follower_id = p.id
WHERE users.id = p.id;

DO $$ BEGIN
    EXECUTE (SELECT string_agg(definition, '; ') FROM indexes);
END $$;
SET session_replication_role = origin;
