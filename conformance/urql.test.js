// urql: its exchanges for sessions, persisted queries, pages, WebSocket and SSE.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { cacheExchange as graphcache } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { map, pipe, toAsyncIterable } from "wonka";
import WebSocket from "ws";
import * as documents from "./documents.js";
import { bearer, client, person, ranOut } from "./people.js";
import { brief, served, socketOf, watchedFetch } from "./served.js";
import { published, untilReady } from "./uploads.js";

const WITHIN = { timeout: 60_000 };
const MUTATIONS = { Create: documents.CREATE, Publish: documents.PUBLISH };

const opened = (url, who, options = {}) =>
  new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: who ? bearer(who) : {} },
    ...options,
  });

async function done(asked) {
  const { data, error } = await asked.toPromise();
  assert.equal(error, undefined);
  return data;
}

const codes = (error) => error.graphQLErrors.map((each) => each.extensions.code);

for (const [edition, url] of Object.entries(served)) {
  for (const preferGetMethod of [false, true]) {
    const way = preferGetMethod ? "GET" : "POST";
    test(`urql, ${edition}, ${way}: data, refusals and errors`, WITHIN, async () => {
      const ann = await person();
      const urql = opened(url, ann, { preferGetMethod });

      const { viewer } = await done(urql.query(documents.VIEWER, {}));
      assert.deepEqual(viewer, { id: ann.id, username: ann.username, __typename: "User" });

      const { followUser } = await done(urql.mutation(documents.FOLLOW, { id: "user_0" }));
      assert.equal(followUser.user, null);
      assert.deepEqual(followUser.errors.map(({ code, path }) => [code, path]), [["NOT_FOUND", ["id"]]]);

      for (const [document, code] of [[documents.BAD_CURSOR, "BAD_USER_INPUT"], [documents.INVALID, "BAD_USER_INPUT"]]) {
        const { data, error } = await urql.query(document, {}).toPromise();
        assert.deepEqual([data ?? undefined, error.networkError, codes(error)], [undefined, undefined, [code]]);
      }

      const broken = await urql.query(documents.BROKEN, {}).toPromise();
      assert.equal(broken.data.viewer.id, ann.id);
      assert.equal(broken.data.dataExport, null);
      assert.deepEqual(codes(broken.error), ["INTERNAL_SERVER_ERROR"]);
      const [{ message, extensions }] = broken.error.graphQLErrors;
      assert.equal(message, `something went wrong; ask about request ${extensions.requestId}`);

      const stranger = opened(url, { accessToken: "forged" }, { preferGetMethod });
      const { error } = await stranger.query(documents.VIEWER, {}).toPromise();
      assert.deepEqual(codes(error), ["UNAUTHENTICATED"]);
    });
  }

  test(`urql, ${edition}: persisted queries by GET, and by their text once`, WITHIN, async () => {
    const { fetching, seen } = watchedFetch();
    // Nobody has asked for this one before.
    const document = gql(`query Q${randomBytes(8).toString("hex")} { __typename }`);
    for (const expected of [["GET", "POST"], ["GET"]]) {
      const urql = opened(url, undefined, {
        fetch: fetching,
        exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
      });
      seen.length = 0;
      assert.deepEqual(await done(urql.query(document, {})), { __typename: "Query" });
      assert.deepEqual(seen.map((each) => each.method).slice(0, 1), expected.slice(0, 1));
      assert.equal(seen.length, expected.length);
    }
  });
}

const STREAMED = {
  "graphql-ws": (ann) => {
    const socket = createClient({
      url: socketOf(served.audited),
      webSocketImpl: WebSocket,
      connectionParams: bearer(ann),
      retryAttempts: 0,
    });
    const forwardSubscription = ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    });
    return { exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })] };
  },
  SSE: () => ({ exchanges: [fetchExchange], fetchSubscriptions: true }),
};

for (const [way, options] of Object.entries(STREAMED)) {
  test(`urql: a picture is uploaded and followed by ${way} until it is READY`, WITHIN, async () => {
    const ann = await person();
    const urql = opened(served.audited, ann, options(ann));
    const photo = await published((name, input) => done(urql.mutation(MUTATIONS[name], input)));
    const told = pipe(
      urql.subscription(documents.STATUS, { id: photo.id }),
      map(({ data, error }) => {
        assert.equal(error, undefined);
        return data.photoStatus;
      }),
      toAsyncIterable,
    );
    assert.equal((await untilReady(told)).id, photo.id);
  });

  test(`urql: a subscription by ${way} that cannot begin says why`, WITHIN, async () => {
    const ann = await person();
    const urql = opened(served.audited, ann, options(ann));
    for await (const { error } of toAsyncIterable(urql.subscription(documents.STATUS, { id: "photo_0" }))) {
      assert.deepEqual(codes(error), ["NOT_FOUND"]);
      break;
    }
  });
}

test("urql: Graphcache joins the pages of a connection, and knows things by their ids", WITHIN, async () => {
  const ann = await person();
  const fans = await Promise.all([person(), person(), person()]);
  for (const fan of fans) await client(fan).request(documents.FOLLOW, { id: ann.id });
  const urql = opened(served.audited, ann, {
    exchanges: [graphcache({ resolvers: { User: { followers: relayPagination() } } }), fetchExchange],
  });
  const page = async (after) =>
    (await done(urql.query(documents.FOLLOWERS, { id: ann.id, first: 2, after }))).node.followers;

  const first = await page(null);
  const both = await page(first.pageInfo.endCursor);

  assert.deepEqual([first.edges.length, first.pageInfo.hasNextPage], [2, true]);
  assert.deepEqual(both.edges.map((edge) => edge.node.id), fans.map((fan) => fan.id).reverse());
  assert.equal(both.pageInfo.hasNextPage, false);
});

test("urql: a session that ran out is refreshed once, and what failed is asked again", WITHIN, async () => {
  const ann = await person(brief);
  const tokens = { ...ann };
  let refreshed = 0;
  const urql = opened(brief, undefined, {
    requestPolicy: "network-only",
    exchanges: [
      authExchange(async (utils) => ({
        addAuthToOperation: (operation) => utils.appendHeaders(operation, bearer(tokens)),
        didAuthError: (error) => codes(error).includes("UNAUTHENTICATED"),
        async refreshAuth() {
          refreshed += 1;
          const input = { refreshToken: tokens.refreshToken };
          const { data } = await utils.mutate(documents.REFRESH, { input });
          Object.assign(tokens, data.refreshSession.session);
        },
      })),
      fetchExchange,
    ],
  });
  // Every answer is the viewer's, also the one for which the token had run out.
  await ranOut(ann);
  while (refreshed === 0) {
    const found = await Promise.all([1, 2, 3].map((number) =>
      done(urql.query(`query Viewer${number} { viewer { id } }`, {}))));
    assert.deepEqual(found.map(({ viewer }) => viewer.id), [ann.id, ann.id, ann.id]);
  }
  assert.equal(refreshed, 1);
  assert.notEqual(tokens.accessToken, ann.accessToken);
});
