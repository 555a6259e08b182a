// The statements, written as PicShare's are: keyset pages, one LATERAL entry per author, and the
// same rule of who sees what. Only the columns that a client can ask for are read.

const hidden = `
  SELECT user_id FROM departures
  UNION ALL SELECT blocked_id FROM blocks WHERE blocker_id = $1
  UNION ALL SELECT blocker_id FROM blocks WHERE blocked_id = $1`

const known = (other) => `((
    NOT EXISTS (SELECT FROM blocks WHERE blocker_id = $1)
    AND NOT EXISTS (SELECT FROM blocks WHERE blocked_id = $1)
    OR (SELECT created_at FROM blocks WHERE blocker_id = $1 AND blocked_id = ${other}) IS NULL
    AND (SELECT created_at FROM blocks WHERE blocker_id = ${other} AND blocked_id = $1) IS NULL)
  AND NOT EXISTS (SELECT FROM departures WHERE user_id = ${other}))`

const isOpen = `
  p.visibility = 'PUBLIC' AND (SELECT NOT is_private FROM users WHERE id = p.owner_id)`
const isForFollowers = `p.visibility IN ('PUBLIC', 'FOLLOWERS')`
const isFollowed = `EXISTS (SELECT FROM follows WHERE follower_id = $1 AND followee_id = p.owner_id)`

const visible = `
  (p.owner_id = $1 OR p.status = 'READY' AND (${isOpen} OR ${isForFollowers} AND ${isFollowed})
    AND ${known('p.owner_id')})`
// Of those whom one follows and may know of, nobody has to be looked up for each photo.
const ofFollowee = `p.owner_id = followee.id AND p.status = 'READY' AND ${isForFollowers}`

const photoColumns = `p.id, p.owner_id, p.title, p.caption, p.alt_text, p.created_at,
  p.width, p.height, p.blurhash, p.dominant_color, p.like_count, p.comment_count`

export const session = `
  SELECT user_id FROM sessions WHERE id = $1 AND ended_at IS NULL AND expires_at > now()`

// Where the newest of each author fill the page, nothing older than all of them is of it.
const since = (most) => `
  CASE WHEN count(*) OVER () >= ${most} THEN min(created_at) OVER () ELSE '-infinity' END AS since`

const page = (after, most = '$2') => `
  ${after ? 'AND (p.created_at, p.id) < ($3, $4)' : ''}
  ORDER BY p.created_at DESC, p.id DESC LIMIT ${most}`

// The page can only be of those followees whose newest photo is among the newest, and one's own.
export const feed = (after) => `
  SELECT * FROM (
    SELECT p.* FROM (
      SELECT id, ${since('$2')} FROM (
        SELECT followee.id, p.created_at FROM (
          SELECT followee_id AS id FROM follows WHERE follower_id = $1 AND ${known('followee_id')}
        ) AS followee
        JOIN LATERAL (
          SELECT p.created_at, p.id FROM photos AS p WHERE ${ofFollowee} ${page(after, '1')}
        ) AS p ON TRUE
        ORDER BY p.created_at DESC, p.id DESC LIMIT $2
      ) AS named
    ) AS followee
    JOIN LATERAL (
      SELECT ${photoColumns} FROM photos AS p
      WHERE ${ofFollowee} AND p.created_at >= followee.since ${page(after)}
    ) AS p ON TRUE
    UNION ALL (
      SELECT ${photoColumns} FROM photos AS p
      WHERE p.owner_id = $1 AND p.status = 'READY' ${page(after)}
    )
  ) AS p
  ORDER BY created_at DESC, id DESC LIMIT $2`

export const photos = `SELECT ${photoColumns} FROM photos AS p WHERE p.id = ANY ($2) AND ${visible}`

export const photosOfUser = (after) => `
  SELECT ${photoColumns} FROM photos AS p
  WHERE p.owner_id = $${after ? 5 : 3} AND ${visible} ${page(after)}`

export const variants = `
  SELECT photo_id, name, key, width, height FROM variants
  WHERE photo_id = ANY ($1) AND content_type = 'image/webp' ORDER BY width, byte_size`

export const liked = `SELECT photo_id FROM likes WHERE user_id = $1 AND photo_id = ANY ($2)`

export const hidesAnybody = `SELECT EXISTS (${hidden}) AS hides`

export const hiddenLikes = `
  SELECT photo_id, count(*)::int AS total FROM likes
  WHERE photo_id = ANY ($2) AND user_id IN (${hidden}) GROUP BY photo_id`

export const hiddenComments = `
  WITH RECURSIVE below AS (
    SELECT id, photo_id, body IS NOT NULL AS counts FROM comments
    WHERE photo_id = ANY ($2) AND author_id IN (${hidden})
    UNION
    SELECT reply.id, reply.photo_id, reply.body IS NOT NULL
    FROM below JOIN comments AS reply ON reply.parent_id = below.id
  )
  SELECT photo_id, count(*)::int AS total FROM below WHERE counts GROUP BY photo_id`

export const hiddenReplies = `
  SELECT parent_id, count(*)::int AS total FROM comments
  WHERE parent_id = ANY ($2) AND author_id IN (${hidden}) GROUP BY parent_id`

const userColumns = `u.id, u.username, u.display_name, u.bio, u.is_private, u.created_at,
  u.public_photo_count, u.followers_photo_count, u.own_photo_count, u.follower_count,
  u.following_count`

export const users = `
  SELECT ${userColumns} FROM users AS u WHERE u.id = ANY ($2) AND ${known('u.id')}`

export const userByName = `
  SELECT ${userColumns} FROM users AS u
  WHERE lower(u.username) = $2 AND ${known('u.id')}`

export const followState = `
  SELECT followee_id, 'FOLLOWING' AS state FROM follows
  WHERE follower_id = $1 AND followee_id = ANY ($2)
  UNION ALL SELECT followee_id, 'REQUESTED' FROM follow_requests
  WHERE follower_id = $1 AND followee_id = ANY ($2)`

export const followsViewer = `
  SELECT follower_id FROM follows WHERE followee_id = $1 AND follower_id = ANY ($2)`

export const hiddenFollowers = `
  SELECT followee_id, count(*)::int AS total FROM follows
  WHERE followee_id = ANY ($2) AND follower_id IN (${hidden}) GROUP BY followee_id`

export const hiddenFollowing = `
  SELECT follower_id, count(*)::int AS total FROM follows
  WHERE follower_id = ANY ($2) AND followee_id IN (${hidden}) GROUP BY follower_id`

export const comments = (after) => `
  SELECT c.* FROM unnest($3::uuid[]) AS parent (id)
  JOIN LATERAL (
    SELECT id, photo_id, author_id, body, created_at, reply_count FROM comments AS c
    WHERE c.photo_id = parent.id AND c.parent_id IS NULL AND ${known('c.author_id')}
      ${after ? 'AND (c.created_at, c.id) < ($4, $5)' : ''}
    ORDER BY c.created_at DESC, c.id DESC LIMIT $2
  ) AS c ON TRUE
  ORDER BY c.created_at DESC, c.id DESC`
