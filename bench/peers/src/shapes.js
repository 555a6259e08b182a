// How ids, cursors and addresses are written.
import { createHmac } from 'node:crypto'

const WINDOW_S = 300
const key = createHmac('sha256', process.env.PICSHARE_SECRET_KEY)
  .update('picshare restricted media')
  .digest()

export const globalId = (kind, id) => `${kind}_${id.replaceAll('-', '')}`

export function parsedId(text) {
  const [, kind, digits] = /^([a-z]+)_([0-9a-f]{32})$/.exec(text) ?? []
  return { kind, id: digits }
}

export function cursor(tag, row) {
  const packed = Buffer.allocUnsafe(25)
  packed[0] = tag.charCodeAt(0)
  packed.writeBigInt64BE(BigInt(row.created_at.getTime()) * 1000n, 1)
  packed.write(row.id.replaceAll('-', ''), 9, 'hex')
  return packed.toString('base64url') + '=='
}

export function place(text) {
  if (!text) return []
  const packed = Buffer.from(text, 'base64url')
  return [new Date(Number(packed.readBigInt64BE(1) / 1000n)), packed.toString('hex', 9)]
}

export function connection(tag, rows, first, after) {
  const edges = rows.slice(0, first).map((row) => ({ cursor: cursor(tag, row), node: row }))
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: Boolean(after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

export function address(of) {
  const path = of.slice(of.indexOf('/') + 1)
  if (of.startsWith('media/')) return `${process.env.PICSHARE_MEDIA_URL}/${path}`
  const until = (Math.floor(Date.now() / 1000 / WINDOW_S) + 2) * WINDOW_S
  const signature = createHmac('sha256', key).update(`${path}\n${until}`).digest('hex')
  return `${process.env.PICSHARE_RESTRICTED_MEDIA_URL}/${path}?until=${until}&signature=${signature}`
}
