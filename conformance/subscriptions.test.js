// graphql-ws and graphql-sse: what is told while it happens, and how a socket ends and begins again.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import { REFRESH, UNFOLLOW } from "./documents.js";
import { bearer, client, person, url } from "./people.js";
import { brief, socketOf } from "./served.js";
import { whileWaiting } from "./uploads.js";

const TOLD = "subscription Told { notificationReceived { __typename } }";
const FOLLOW = "mutation Follow($id: ID!) { followUser(id: $id) { user { id } errors { code } } }";

const OPENED = {
  "graphql-ws": (ann) =>
    createWs({
      url: socketOf(url),
      webSocketImpl: WebSocket,
      connectionParams: bearer(ann),
      retryAttempts: 0,
    }),
  "graphql-sse": (ann) => createSse({ url, headers: bearer(ann), retryAttempts: 0 }),
};

for (const [name, opened] of Object.entries(OPENED)) {
  test(`${name} streams a notification`, { timeout: 60_000 }, async () => {
    const [ann, bob] = await Promise.all([person(), person()]);
    const stream = opened(ann);
    const told = stream.iterate({ query: TOLD });
    const first = told.next();
    const { value } = await whileWaiting(first, async () => {
      const { followUser } = await client(bob).request(FOLLOW, { id: ann.id });
      assert.deepEqual(followUser, { user: { id: ann.id }, errors: [] });
      await client(bob).request(UNFOLLOW, { id: ann.id });
    });
    assert.equal(value.errors, undefined);
    assert.equal(value.data.notificationReceived.__typename.endsWith("Notification"), true);
    await told.return();
    stream.dispose();
  });
}

const NOTHING = "subscription { nothing }";

test("graphql-ws rejects what is invalid", { timeout: 60_000 }, async () => {
  const stream = OPENED["graphql-ws"](await person());
  await assert.rejects(stream.iterate({ query: NOTHING }).next());
  stream.dispose();
});

test("graphql-sse is told what is invalid, and no more", { timeout: 60_000 }, async () => {
  const stream = OPENED["graphql-sse"](await person());
  const told = stream.iterate({ query: NOTHING });
  const { value } = await told.next();
  assert.equal(value.errors.length, 1);
  assert.deepEqual(await told.next(), { done: true, value: undefined });
  stream.dispose();
});

test("graphql-ws sends a persisted query by its hash", { timeout: 60_000 }, async () => {
  const query = `query W${randomBytes(8).toString("hex")} { __typename }`;
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } };
  const stream = OPENED["graphql-ws"](await person());
  await assert.rejects(stream.iterate({ query: "", extensions }).next(), ([error]) => error.message === "PersistedQueryNotFound");
  for (const text of [query, ""]) {
    const { value } = await stream.iterate({ query: text, extensions }).next();
    assert.deepEqual(value, { data: { __typename: "Query" } });
  }
  stream.dispose();
});

test("graphql-ws comes back with a new token when the old one ran out", { timeout: 60_000 }, async () => {
  const [ann, bob] = await Promise.all([person(brief), person()]);
  const tokens = { ...ann };
  const closed = [];
  let wake;
  const over = new Promise((resolve) => (wake = resolve));
  const stream = createWs({
    url: socketOf(brief),
    webSocketImpl: WebSocket,
    retryAttempts: 10,
    async connectionParams() {
      if (closed.length > 0) {
        const input = { refreshToken: tokens.refreshToken };
        const { refreshSession } = await client(undefined, brief).request(REFRESH, { input });
        Object.assign(tokens, refreshSession.session);
      }
      return bearer(tokens);
    },
    on: { closed: ({ code }) => (closed.push(code), wake()) },
  });
  const told = stream.iterate({ query: TOLD });
  const first = told.next();
  await over;
  const { value } = await whileWaiting(first, async () => {
    await client(bob).request(FOLLOW, { id: ann.id });
    await client(bob).request(UNFOLLOW, { id: ann.id });
  });
  assert.equal(value.data.notificationReceived.__typename, "Notification");
  assert.ok(closed.every((code) => code === 4403), closed.join());
  await told.return();
  stream.dispose();
});
