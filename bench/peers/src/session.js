// Who asks: the access token's signature each time (the same token comes from a small cache), and
// the database's word about its session, which is believed for half a second as PicShare does.
import { createHmac } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { session } from './sql.js'
import { rows } from './database.js'

const MEMORY_MS = 500
const MOST = 10_000

const verify = createVerifier({
  key: createHmac('sha256', process.env.PICSHARE_SECRET_KEY).update('picshare access token').digest(),
  algorithms: ['HS256'],
  allowedIss: 'picshare',
  allowedAud: 'picshare-api',
  cache: 1000,
})
const known = new Map()

export class Refused extends Error {}

export async function viewerOf(authorization) {
  if (!authorization?.startsWith('Bearer ')) throw new Refused('log in')
  const claims = verify(authorization.slice(7))
  const live = await liveSession(claims.sid)
  if (live?.replaceAll('-', '') !== claims.sub) throw new Refused('the session has ended')
  return live
}

function liveSession(id) {
  const before = known.get(id)
  const now = performance.now()
  if (before !== undefined && now < before.until) return before.user
  known.delete(id)
  if (known.size >= MOST) known.delete(known.keys().next().value)
  const user = rows('session', session, [id]).then(([row]) => row?.user_id)
  known.set(id, { until: now + MEMORY_MS, user })
  user.catch(() => known.delete(id))
  return user
}
