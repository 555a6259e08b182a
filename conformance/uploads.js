// The way of a picture, whichever client is asked: announced, sent to the store, published.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

export async function published(mutate) {
  const bytes = await readFile(process.env.PICSHARE_PICTURE);
  const checksumSha256 = createHash("sha256").update(bytes).digest("base64");
  const promise = { contentType: "image/jpeg", byteSize: bytes.length, checksumSha256 };
  const { createUpload } = await mutate("Create", { input: promise });
  assert.deepEqual(createUpload.errors, []);
  const { id, request } = createUpload.upload;
  const headers = Object.fromEntries(request.headers.map(({ name, value }) => [name, value]));
  const sent = await fetch(request.url, { method: request.method, headers, body: bytes });
  assert.equal(sent.status, 200, await sent.text());
  const { publishPhoto } = await mutate("Publish", { input: { uploadId: id, title: "A picture" } });
  assert.deepEqual(publishPhoto.errors, []);
  return publishPhoto.photo;
}

// All that was told of the photo: its variants are there once it is READY, and then it ends.
export async function untilReady(photos) {
  let last;
  for await (const photo of photos) {
    // urql tells the last one again when all is told.
    assert.notEqual([last?.status, photo.status].join(), "READY,PROCESSING");
    last = photo;
  }
  assert.equal(last.status, "READY");
  assert.deepEqual(last.variants.map((variant) => variant.name), ["THUMB", "MEDIUM", "FULL"]);
  const served = await fetch(last.variants[0].url);
  assert.equal(served.status, 200);
  await served.arrayBuffer();
  return last;
}

// Tells it again and again until it is heard: when a subscription has begun is not told.
export async function whileWaiting(heard, again) {
  let isOver = false;
  const over = () => (isOver = true);
  heard.then(over, over);
  while (!isOver) await again();
  return heard;
}
