// graphql-ws and graphql-sse: a follower is told of while it happens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import { bearer, client, person, url } from "./people.js";

const TOLD = "subscription Told { notificationReceived { __typename } }";
const FOLLOW = "mutation Follow($id: ID!) { followUser(id: $id) { user { id } errors { code } } }";

const OPENED = {
  "graphql-ws": (ann) =>
    createWs({
      url: url.replace(/^http/, "ws"),
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
    // When a subscription has begun is not told: following again and again is, until it has.
    let isTold = false;
    first.finally(() => (isTold = true)).catch(() => undefined);
    while (!isTold) {
      const { followUser } = await client(bob).request(FOLLOW, { id: ann.id });
      assert.deepEqual(followUser, { user: { id: ann.id }, errors: [] });
      await client(bob).request("mutation Undo($id: ID!) { unfollowUser(id: $id) { errors { code } } }", { id: ann.id });
    }
    const { value } = await first;
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
