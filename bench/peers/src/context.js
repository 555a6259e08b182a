// What one request has: who asks, and loaders that live as long as it does.
import DataLoader from 'dataloader'
import * as batches from './batches.js'
import { viewerOf } from './session.js'

const options = { maxBatchSize: 1000 }

class Loaders {
  constructor(viewer) {
    this.viewer = viewer
  }

  #loaders = {}

  loader(name) {
    return (this.#loaders[name] ??= new DataLoader(
      (ids) => batches[name](this.viewer, ids),
      options,
    ))
  }

  get variants() {
    return (this.#loaders.variants ??= new DataLoader(batches.variants, options))
  }

  comments(first, after) {
    return (this.#loaders[`comments ${first} ${after}`] ??= new DataLoader(
      (ids) => batches.comments(this.viewer, ids, first, after),
      options,
    ))
  }

  // Mostly nobody is hidden, and then nothing need be counted.
  #hides
  async less(name, id) {
    this.#hides ??= batches.hidesAnybody(this.viewer)
    return (await this.#hides) ? this.loader(name).load(id) : 0
  }
}

// A plain object, for Yoga copies what is in it.
export async function contextOf(authorization) {
  const viewer = await viewerOf(authorization)
  return { viewer, loaders: new Loaders(viewer) }
}
