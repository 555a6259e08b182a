-- What PostGraphile calls: functions of one SELECT each, which PostgreSQL expands into the query
-- around them. They say who sees what as sql.js does.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE FUNCTION peer.hidden(viewer uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT user_id FROM departures
    UNION ALL SELECT blocked_id FROM blocks WHERE blocker_id = viewer
    UNION ALL SELECT blocker_id FROM blocks WHERE blocked_id = viewer
$$;

CREATE FUNCTION peer.knows(viewer uuid, other uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT (NOT EXISTS (SELECT FROM blocks WHERE blocker_id = viewer)
                AND NOT EXISTS (SELECT FROM blocks WHERE blocked_id = viewer)
            OR (SELECT created_at FROM blocks WHERE blocker_id = viewer AND blocked_id = other) IS NULL
                AND (SELECT created_at FROM blocks WHERE blocker_id = other AND blocked_id = viewer) IS NULL)
        AND NOT EXISTS (SELECT FROM departures WHERE user_id = other)
$$;

CREATE FUNCTION peer.sees(viewer uuid, photo photos) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT photo.owner_id = viewer OR photo.status = 'READY' AND (
            photo.visibility IN ('PUBLIC', 'FOLLOWERS') AND EXISTS (
                SELECT FROM follows WHERE follower_id = viewer AND followee_id = photo.owner_id)
            OR photo.visibility = 'PUBLIC' AND (SELECT NOT is_private FROM users WHERE id = photo.owner_id))
        AND peer.knows(viewer, photo.owner_id)
$$;

CREATE FUNCTION peer.feed(viewer uuid, most int, before timestamptz, before_id uuid)
RETURNS SETOF photos LANGUAGE sql STABLE ROWS 21 AS $$
    SELECT * FROM (
        SELECT p.* FROM (
            SELECT id, CASE WHEN count(*) OVER () >= most THEN min(created_at) OVER ()
                ELSE '-infinity' END AS since FROM (
                SELECT followee.id, p.created_at FROM (
                    SELECT followee_id AS id FROM follows
                    WHERE follower_id = viewer AND peer.knows(viewer, followee_id)
                ) AS followee
                JOIN LATERAL (
                    SELECT p.created_at, p.id FROM photos AS p
                    WHERE p.owner_id = followee.id AND p.status = 'READY'
                        AND p.visibility IN ('PUBLIC', 'FOLLOWERS')
                        AND (p.created_at, p.id) < (before, before_id)
                    ORDER BY p.created_at DESC, p.id DESC LIMIT 1
                ) AS p ON TRUE
                ORDER BY p.created_at DESC, p.id DESC LIMIT most
            ) AS named
        ) AS followee
        JOIN LATERAL (
            SELECT * FROM photos AS p
            WHERE p.owner_id = followee.id AND p.status = 'READY'
                AND p.visibility IN ('PUBLIC', 'FOLLOWERS') AND p.created_at >= followee.since
                AND (p.created_at, p.id) < (before, before_id)
            ORDER BY p.created_at DESC, p.id DESC LIMIT most
        ) AS p ON TRUE
        UNION ALL (
            SELECT p.* FROM photos AS p
            WHERE p.owner_id = viewer AND p.status = 'READY'
                AND (p.created_at, p.id) < (before, before_id)
            ORDER BY p.created_at DESC, p.id DESC LIMIT most
        )
    ) AS p
    ORDER BY created_at DESC, id DESC LIMIT most
$$;

CREATE FUNCTION peer.photos_of(owner uuid, viewer uuid, most int, before timestamptz, before_id uuid)
RETURNS SETOF photos LANGUAGE sql STABLE ROWS 13 AS $$
    SELECT p.* FROM photos AS p
    WHERE p.owner_id = owner AND peer.sees(viewer, p)
        AND (p.created_at, p.id) < (before, before_id)
    ORDER BY p.created_at DESC, p.id DESC LIMIT most
$$;

CREATE FUNCTION peer.photo(wanted uuid, viewer uuid) RETURNS SETOF photos LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT p.* FROM photos AS p WHERE p.id = wanted AND peer.sees(viewer, p)
$$;

CREATE FUNCTION peer.user_named(wanted text, viewer uuid) RETURNS SETOF users LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT u.* FROM users AS u WHERE lower(u.username) = lower(wanted) AND peer.knows(viewer, u.id)
$$;

CREATE FUNCTION peer.comments_of(
    wanted uuid, viewer uuid, most int, before timestamptz, before_id uuid
) RETURNS SETOF comments LANGUAGE sql STABLE ROWS 11 AS $$
    SELECT c.* FROM comments AS c
    WHERE c.photo_id = wanted AND c.parent_id IS NULL AND peer.knows(viewer, c.author_id)
        AND (c.created_at, c.id) < (before, before_id)
    ORDER BY c.created_at DESC, c.id DESC LIMIT most
$$;

CREATE FUNCTION peer.hidden_comments(wanted uuid, viewer uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE below AS (
        SELECT id, body IS NOT NULL AS counts FROM comments
        WHERE photo_id = wanted AND author_id IN (SELECT peer.hidden(viewer))
        UNION
        SELECT reply.id, reply.body IS NOT NULL
        FROM below JOIN comments AS reply ON reply.parent_id = below.id
    )
    SELECT count(*) FROM below WHERE counts
$$;
