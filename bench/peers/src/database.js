// One pool as large as PicShare's; every statement has a name, so that it is parsed and planned once.
import pg from 'pg'

export const pool = new pg.Pool({
  host: process.env.PGHOST,
  user: process.env.PGUSER,
  database: process.env.PGDATABASE,
  max: 10,
  idleTimeoutMillis: 0,
  options: '-c jit=off -c plan_cache_mode=force_generic_plan',
})

export async function rows(name, text, values) {
  return (await pool.query({ name, text, values })).rows
}
