// Mercurius with JIT and its own loaders.
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import * as batches from './batches.js'
import { connection, place } from './shapes.js'
import { countSeen, plain } from './resolvers.js'
import { viewerOf } from './session.js'

const of = (name, key) => (queries, { viewer }) =>
  batches[name](viewer, [...new Set(queries.map(key))]).then((found) => {
    const by = new Map([...new Set(queries.map(key))].map((id, n) => [id, found[n]]))
    return queries.map((query) => by.get(key(query)))
  })

const less = (column, name) => async (queries, context) => {
  const ids = queries.map(({ obj }) => obj.id)
  context.hides ??= batches.hidesAnybody(context.viewer)
  const hidden = (await context.hides) ? await batches[name](context.viewer, ids) : null
  return queries.map(({ obj }, n) => obj[column] - (hidden?.[n] ?? 0))
}

const id = ({ obj }) => obj.id
// Mercurius would find what it loaded before by the whole row as text, which costs more than it saves.
const uncached = (loaders) =>
  Object.fromEntries(
    Object.entries(loaders).map(([name, loader]) => [name, { loader, opts: { cache: false } }]),
  )

const app = Fastify()
app.register(mercurius, {
  schema: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
  resolvers: { ...plain, Node: { resolveType: plain.Node.__resolveType } },
  loaders: {
    User: uncached({
      async photoCount(queries, { viewer }) {
        const states = await batches.followStates(viewer, queries.map(id))
        return queries.map(({ obj }, n) => countSeen(obj, viewer, states[n]))
      },
      followerCount: less('follower_count', 'hiddenFollowers'),
      followingCount: less('following_count', 'hiddenFollowing'),
      viewerFollow: of('followStates', id),
      followsViewer: of('followsViewer', id),
    }),
    Photo: uncached({
      owner: of('users', ({ obj }) => obj.owner_id),
      variants: (queries) => batches.variants(queries.map(id)),
      likeCount: less('like_count', 'hiddenLikes'),
      commentCount: less('comment_count', 'hiddenComments'),
      viewerHasLiked: of('liked', id),
      async comments(queries, { viewer }) {
        const { first, after } = queries[0].params
        const found = await batches.comments(viewer, queries.map(id), first, place(after))
        return found.map((rows) => connection('c', rows, first, after))
      },
    }),
    Comment: uncached({
      author: of('users', ({ obj }) => obj.author_id),
      replyCount: less('reply_count', 'hiddenReplies'),
    }),
  },
  context: async (request) => ({ viewer: await viewerOf(request.headers.authorization) }),
  jit: 1,
  cache: true,
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
