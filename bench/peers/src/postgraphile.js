// PostGraphile 5: the tables and functions as it finds them in the database, and the schema that all
// servers share, with plans. Each request becomes one statement.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { TYPES } from 'postgraphile/@dataplan/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { access, context, first, lambda, last, list } from 'postgraphile/grafast'
import { grafserv } from 'postgraphile/grafserv/node'
import { extendSchema } from 'postgraphile/utils'
import { sql } from 'postgraphile/pg-sql2'
import { address, cursor, globalId, parsedId, place } from './shapes.js'
import { pool } from './database.js'
import { viewerOf } from './session.js'

const LATEST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
// What is the same for a whole request is made beside its context, so that every query can reach it.
const once = (made) => context().withMyLayerPlan(made)
const viewer = () => once(() => context().get('viewer'))
const uuid = ($step) => ({ step: $step, pgCodec: TYPES.uuid })

// PostGraphile brings these itself; here they are written out.
const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')
  .replace('type Query', 'extend type Query')
  .replace('hasPreviousPage: Boolean! ', '')

function placeOf(after) {
  const [at, id] = place(after)
  return id ? [at.toISOString(), id] : LATEST
}

// A function that makes a page is asked for one row more, which tells whether there is another page.
function page(resource, whose, { $first, $after }) {
  const [$most, $at, $id] = once(() => {
    const $place = lambda($after, placeOf, true)
    const $most = lambda($first, (first) => first + 1, true)
    return [$most, access($place, 0), access($place, 1)]
  })
  const $page = resource.execute([
    ...whose,
    uuid(viewer()),
    { step: $most, pgCodec: TYPES.int },
    { step: $at, pgCodec: TYPES.timestamptz },
    uuid($id),
  ])
  $page.orderBy({ attribute: 'created_at', direction: 'DESC' })
  $page.orderBy({ attribute: 'id', direction: 'DESC' })
  $page.setOrderIsUnique()
  $page.setFirst($first)
  return $page
}

const cursorOf = ($row) =>
  lambda(
    list([$row.get('created_at'), $row.get('id')]),
    ([at, id]) => at && cursor(CURSOR_TAGS[$row.resource.codec.name], { created_at: new Date(at), id }),
    true,
  )
const CURSOR_TAGS = { photos: 'p', comments: 'c' }

const connectionPlans = {
  edges: ($page) => $page.items(),
  pageInfo: ($page) => $page,
}
const edgePlans = { cursor: cursorOf, node: ($row) => $row }
const columns = (...names) =>
  Object.fromEntries(
    names.map((name) => [
      name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
      ($row) => $row.get(name),
    ]),
  )
const idPlan = (kind) => ($row) => lambda($row.get('id'), (id) => globalId(kind, id), true)
const timePlan = ($row) => lambda($row.get('created_at'), (at) => new Date(at).toISOString(), true)

// An expression of SQL over the row *$row*, given its alias and the viewer.
const selected = (type, expression) => ($row) => {
  const $rows = $row.getClassStep()
  return $row.select(expression($rows.alias, $row.getPgRoot().placeholder(viewer(), TYPES.uuid)), type)
}
// Mostly nobody is hidden, and then nothing is counted.
const less = (column, hidden) =>
  selected(TYPES.int, (row, me) => {
    const counted = sql`${row}.${sql.identifier(column)}`
    return sql`(${counted} - CASE WHEN EXISTS (SELECT FROM peer.hidden(${me})) THEN ${hidden(row, me)} ELSE 0 END)::int`
  })

const plugin = extendSchema((build) => {
  const found = build.input.pgRegistry.pgResources
  const user = ($id) => found.users.get({ id: $id })
  const photo = ($id) => found.peer_photo.execute([uuid($id), uuid(viewer())])

  return {
    typeDefs,
    interfaces: {
      Node: {
        planType($id) {
          const $digits = lambda($id, (id) => parsedId(id).id, true)
          return {
            $__typename: lambda($id, (id) => ({ photo: 'Photo' })[parsedId(id).kind] ?? null, true),
            planForType: () => photo($digits).single(),
          }
        },
      },
    },
    objects: {
      Query: {
        plans: {
          node: (_, { $id }) => $id,
          user: (_, { $username }) =>
            found.peer_user_named
              .execute([{ step: $username, pgCodec: TYPES.text }, uuid(viewer())])
              .single(),
          feed: (_, args) => page(found.peer_feed, [], args),
        },
      },
      User: {
        plans: {
          ...columns('username', 'display_name', 'bio', 'is_private'),
          id: idPlan('user'),
          createdAt: timePlan,
          photoCount: selected(
            TYPES.int,
            (row, me) => sql`CASE
              WHEN ${row}.id = ${me} THEN ${row}.own_photo_count
              WHEN EXISTS (SELECT FROM follows WHERE follower_id = ${me} AND followee_id = ${row}.id)
                THEN ${row}.followers_photo_count
              WHEN ${row}.is_private THEN 0 ELSE ${row}.public_photo_count END`,
          ),
          followerCount: less(
            'follower_count',
            (row, me) => sql`(SELECT count(*) FROM follows
              WHERE followee_id = ${row}.id AND follower_id IN (SELECT peer.hidden(${me})))`,
          ),
          followingCount: less(
            'following_count',
            (row, me) => sql`(SELECT count(*) FROM follows
              WHERE follower_id = ${row}.id AND followee_id IN (SELECT peer.hidden(${me})))`,
          ),
          viewerFollow: selected(
            TYPES.text,
            (row, me) => sql`CASE
              WHEN EXISTS (SELECT FROM follows WHERE follower_id = ${me} AND followee_id = ${row}.id)
                THEN 'FOLLOWING'
              WHEN EXISTS (SELECT FROM follow_requests WHERE follower_id = ${me} AND followee_id = ${row}.id)
                THEN 'REQUESTED'
              ELSE 'NONE' END`,
          ),
          followsViewer: selected(
            TYPES.boolean,
            (row, me) =>
              sql`EXISTS (SELECT FROM follows WHERE follower_id = ${row}.id AND followee_id = ${me})`,
          ),
          photos: ($user, args) => page(found.peer_photos_of, [{ step: $user.get('id') }], args),
        },
      },
      Photo: {
        plans: {
          ...columns('title', 'caption', 'alt_text', 'width', 'height', 'blurhash', 'dominant_color'),
          id: idPlan('photo'),
          createdAt: timePlan,
          owner: ($photo) => user($photo.get('owner_id')),
          variants($photo) {
            const $variants = found.variants.find({ photo_id: $photo.get('id') })
            $variants.where(sql`${$variants.alias}.content_type = 'image/webp'`)
            $variants.orderBy({ attribute: 'width', direction: 'ASC' })
            $variants.orderBy({ attribute: 'byte_size', direction: 'ASC' })
            return $variants.items()
          },
          likeCount: less(
            'like_count',
            (row, me) => sql`(SELECT count(*) FROM likes
              WHERE photo_id = ${row}.id AND user_id IN (SELECT peer.hidden(${me})))`,
          ),
          commentCount: less(
            'comment_count',
            (row, me) => sql`peer.hidden_comments(${row}.id, ${me})`,
          ),
          viewerHasLiked: selected(
            TYPES.boolean,
            (row, me) =>
              sql`EXISTS (SELECT FROM likes WHERE user_id = ${me} AND photo_id = ${row}.id)`,
          ),
          comments: ($photo, args) =>
            page(found.peer_comments_of, [{ step: $photo.get('id') }], args),
        },
      },
      Variant: {
        plans: {
          ...columns('name', 'width', 'height'),
          url: ($variant) => lambda($variant.get('key'), address, true),
        },
      },
      Comment: {
        plans: {
          ...columns('body'),
          id: idPlan('comment'),
          createdAt: timePlan,
          author: ($comment) => user($comment.get('author_id')),
          replyCount: less(
            'reply_count',
            (row, me) => sql`(SELECT count(*) FROM comments AS reply
              WHERE reply.parent_id = ${row}.id AND reply.author_id IN (SELECT peer.hidden(${me})))`,
          ),
        },
      },
      PhotoConnection: { plans: connectionPlans },
      CommentConnection: { plans: connectionPlans },
      PhotoEdge: { plans: edgePlans },
      CommentEdge: { plans: edgePlans },
      PageInfo: {
        plans: {
          hasNextPage($page) {
            $page.setNeedsHasMore()
            return access($page, 'hasNextPage')
          },
          startCursor: ($page) => cursorOf($page.row(first($page.items()))),
          endCursor: ($page) => cursorOf($page.row(last($page.items()))),
        },
      },
    },
  }
})

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [plugin],
  disablePlugins: ['NodePlugin', 'ConnectionPlugin', 'PageInfoStartEndCursorPlugin'],
  pgServices: [makePgService({ pool, schemas: ['public', 'peer'] })],
  schema: { defaultBehavior: '-*' },
  grafserv: { graphiql: false, websockets: false },
  grafast: {
    context: async ({ node }) => ({ viewer: await viewerOf(node.req.headers.authorization) }),
  },
}

await pool.query(readFileSync(new URL('postgraphile.sql', import.meta.url), 'utf8'))
const server = createServer()
await postgraphile(preset).createServ(grafserv).addTo(server)
server.listen(Number(process.env.PORT), '127.0.0.1')
