// sharp's part of `python -m bench.images`: a line on stdin is an order to make the variants of one
// file that many times; a line on stdout says that it is done.
import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import sharp from 'sharp'

const EDGES = { FULL: 2048, MEDIUM: 1080, THUMB: 320 }
const WEBP = { quality: 80, effort: 4 }
sharp.concurrency(1)
sharp.cache(false)

const inside = (image, edge) =>
  image.resize(edge, edge, { fit: 'inside', withoutEnlargement: true })

// As its documentation has it: each size from the file, decoded as small as will do.
async function each(data) {
  const made = {}
  for (const [name, edge] of Object.entries(EDGES))
    made[name] = await inside(sharp(data).autoOrient(), edge).webp(WEBP).toBuffer()
  return made
}

// Decoded once, each size from the next larger one.
async function cascade(data) {
  const made = {}
  let source = sharp(data).autoOrient()
  for (const [name, edge] of Object.entries(EDGES)) {
    const { data: pixels, info } = await inside(source, edge)
      .raw()
      .toBuffer({ resolveWithObject: true })
    const raw = { width: info.width, height: info.height, channels: info.channels }
    made[name] = await sharp(pixels, { raw }).webp(WEBP).toBuffer()
    source = sharp(pixels, { raw })
  }
  return made
}

const ways = { each, cascade }
for await (const line of createInterface({ input: process.stdin })) {
  const { way, path, times, folder } = JSON.parse(line)
  const data = await readFile(path)
  let made
  for (let n = 0; n < times; n++) made = await ways[way](data)
  for (const [name, bytes] of Object.entries(made)) await writeFile(`${folder}/${name}.webp`, bytes)
  console.log('done')
}
