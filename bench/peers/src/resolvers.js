// The resolvers of Apollo Server and Yoga.
import { GraphQLScalarType } from 'graphql'
import * as batches from './batches.js'
import { address, connection, globalId, parsedId, place } from './shapes.js'

export const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => value.toISOString(),
})

export const countSeen = (user, viewer, state) => {
  if (user.id === viewer) return user.own_photo_count
  if (state === 'FOLLOWING') return user.followers_photo_count
  return user.is_private ? 0 : user.public_photo_count
}

export const plain = {
  DateTime,
  Node: { __resolveType: (row) => ('username' in row ? 'User' : 'Photo') },
  Query: {
    async node(_, { id }, { viewer }) {
      const found = parsedId(id)
      if (found.kind === 'photo') return (await batches.photos(viewer, [found.id]))[0] ?? null
      if (found.kind === 'user') return (await batches.users(viewer, [found.id]))[0]
      return null
    },
    user: (_, { username }, { viewer }) => batches.userByName(viewer, username),
    async feed(_, { first, after }, { viewer }) {
      return connection('p', await batches.feed(viewer, first, place(after)), first, after)
    },
  },
  User: {
    id: (user) => globalId('user', user.id),
    displayName: (user) => user.display_name,
    isPrivate: (user) => user.is_private,
    createdAt: (user) => user.created_at,
    async photos(user, { first, after }, { viewer }) {
      const found = await batches.photosOfUser(viewer, user.id, first, place(after))
      return connection('p', found, first, after)
    },
  },
  Photo: {
    id: (photo) => globalId('photo', photo.id),
    altText: (photo) => photo.alt_text,
    createdAt: (photo) => photo.created_at,
    dominantColor: (photo) => photo.dominant_color,
  },
  Variant: { url: (variant) => address(variant.key) },
  Comment: {
    id: (comment) => globalId('comment', comment.id),
    createdAt: (comment) => comment.created_at,
  },
}

const batched = {
  User: {
    photoCount: async (user, _, { viewer, loaders }) =>
      countSeen(user, viewer, await loaders.loader('followStates').load(user.id)),
    followerCount: async (user, _, { loaders }) =>
      user.follower_count - (await loaders.less('hiddenFollowers', user.id)),
    followingCount: async (user, _, { loaders }) =>
      user.following_count - (await loaders.less('hiddenFollowing', user.id)),
    viewerFollow: (user, _, { loaders }) => loaders.loader('followStates').load(user.id),
    followsViewer: (user, _, { loaders }) => loaders.loader('followsViewer').load(user.id),
  },
  Photo: {
    owner: (photo, _, { loaders }) => loaders.loader('users').load(photo.owner_id),
    variants: (photo, _, { loaders }) => loaders.variants.load(photo.id),
    likeCount: async (photo, _, { loaders }) =>
      photo.like_count - (await loaders.less('hiddenLikes', photo.id)),
    commentCount: async (photo, _, { loaders }) =>
      photo.comment_count - (await loaders.less('hiddenComments', photo.id)),
    viewerHasLiked: (photo, _, { loaders }) => loaders.loader('liked').load(photo.id),
    async comments(photo, { first, after }, { loaders }) {
      const found = await loaders.comments(first, place(after)).load(photo.id)
      return connection('c', found, first, after)
    },
  },
  Comment: {
    author: (comment, _, { loaders }) => loaders.loader('users').load(comment.author_id),
    replyCount: async (comment, _, { loaders }) =>
      comment.reply_count - (await loaders.less('hiddenReplies', comment.id)),
  },
}

export const resolvers = {
  ...plain,
  User: { ...plain.User, ...batched.User },
  Photo: { ...plain.Photo, ...batched.Photo },
  Comment: { ...plain.Comment, ...batched.Comment },
}
