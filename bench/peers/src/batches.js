// What is read for many at once; every function takes ids and answers in their order.
import * as sql from './sql.js'
import { rows } from './database.js'

const inOrder = (ids, found, key, value, otherwise) => {
  const by = new Map(found.map((row) => [row[key], value(row)]))
  return ids.map((id) => by.get(id) ?? otherwise)
}

export const users = async (viewer, ids) =>
  inOrder(ids, await rows('users', sql.users, [viewer, ids]), 'id', (row) => row, null)

export const photos = async (viewer, ids) =>
  (await rows('photos', sql.photos, [viewer, ids]))

export async function variants(ids) {
  const by = new Map(ids.map((id) => [id, []]))
  for (const row of await rows('variants', sql.variants, [ids])) by.get(row.photo_id).push(row)
  return ids.map((id) => by.get(id))
}

export const liked = async (viewer, ids) =>
  inOrder(ids, await rows('liked', sql.liked, [viewer, ids]), 'photo_id', () => true, false)

const counted = (name, key) => async (viewer, ids) =>
  inOrder(ids, await rows(name, sql[name], [viewer, ids]), key, (row) => row.total, 0)

export const hiddenLikes = counted('hiddenLikes', 'photo_id')
export const hiddenComments = counted('hiddenComments', 'photo_id')
export const hiddenReplies = counted('hiddenReplies', 'parent_id')
export const hiddenFollowers = counted('hiddenFollowers', 'followee_id')
export const hiddenFollowing = counted('hiddenFollowing', 'follower_id')

export const hidesAnybody = async (viewer) =>
  (await rows('hidesAnybody', sql.hidesAnybody, [viewer]))[0].hides

export const followStates = async (viewer, ids) =>
  inOrder(
    ids,
    await rows('followState', sql.followState, [viewer, ids]),
    'followee_id',
    (row) => row.state,
    'NONE',
  )

export const followsViewer = async (viewer, ids) =>
  inOrder(
    ids,
    await rows('followsViewer', sql.followsViewer, [viewer, ids]),
    'follower_id',
    () => true,
    false,
  )

export const feed = (viewer, first, after) =>
  rows(after.length ? 'feedAfter' : 'feed', sql.feed(after.length > 0), [viewer, first + 1, ...after])

export const photosOfUser = (viewer, id, first, after) =>
  rows(after.length ? 'ofUserAfter' : 'ofUser', sql.photosOfUser(after.length > 0), [
    viewer,
    first + 1,
    ...after,
    id,
  ])

export async function comments(viewer, ids, first, after) {
  const by = new Map(ids.map((id) => [id, []]))
  const text = sql.comments(after.length > 0)
  const name = after.length ? 'commentsAfter' : 'comments'
  for (const row of await rows(name, text, [viewer, first + 1, ids, ...after]))
    by.get(row.photo_id).push(row)
  return ids.map((id) => by.get(id))
}

export const userByName = async (viewer, username) =>
  (await rows('userByName', sql.userByName, [viewer, username.toLowerCase()]))[0] ?? null
