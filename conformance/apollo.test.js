// Apollo Client: its links for sessions, persisted queries, WebSocket, and its cache.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient as createSse } from "graphql-sse";
import { createClient } from "graphql-ws";
import { Observable, from, switchMap } from "rxjs";
import { print } from "graphql";
import WebSocket from "ws";
import * as documents from "./documents.js";
import { bearer, client, person, ranOut } from "./people.js";
import { brief, served, socketOf, watchedFetch } from "./served.js";
import { published, untilReady } from "./uploads.js";

// Browsers have it, and Node.js from 22 on.
globalThis.WebSocket ??= WebSocket;
const WITHIN = { timeout: 60_000 };
const parsed = Object.fromEntries(Object.entries(documents).map(([name, text]) => [name, gql(text)]));
const MUTATIONS = { Create: parsed.CREATE, Publish: parsed.PUBLISH };

const opened = (link, options = {}) =>
  new ApolloClient({
    link,
    cache: new InMemoryCache(),
    defaultOptions: { query: { errorPolicy: "all" }, mutate: { errorPolicy: "all" } },
    ...options,
  });
const http = (uri, who, options = {}) => new HttpLink({ uri, headers: who ? bearer(who) : {}, ...options });
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function codes(error) {
  assert.ok(CombinedGraphQLErrors.is(error), String(error));
  return error.errors.map((each) => each.extensions.code);
}

for (const [edition, url] of Object.entries(served)) {
  for (const useGETForQueries of [false, true]) {
    const way = useGETForQueries ? "GET" : "POST";
    test(`Apollo Client, ${edition}, ${way}: data, refusals and errors`, WITHIN, async () => {
      const ann = await person();
      const apollo = opened(http(url, ann, { useGETForQueries }));

      const { data } = await apollo.query({ query: parsed.VIEWER });
      assert.deepEqual(data.viewer, { __typename: "User", id: ann.id, username: ann.username });

      const refused = await apollo.mutate({ mutation: parsed.FOLLOW, variables: { id: "user_0" } });
      assert.equal(refused.error, undefined);
      assert.equal(refused.data.followUser.user, null);
      assert.deepEqual(refused.data.followUser.errors.map(({ code, path }) => [code, path]), [["NOT_FOUND", ["id"]]]);

      for (const query of [parsed.BAD_CURSOR, parsed.INVALID]) {
        const { error } = await apollo.query({ query });
        assert.deepEqual(codes(error), ["BAD_USER_INPUT"]);
      }

      const broken = await apollo.query({ query: parsed.BROKEN });
      assert.deepEqual([broken.data.viewer.id, broken.data.dataExport], [ann.id, null]);
      assert.deepEqual(codes(broken.error), ["INTERNAL_SERVER_ERROR"]);
      const [{ message, extensions }] = broken.error.errors;
      assert.equal(message, `something went wrong; ask about request ${extensions.requestId}`);

      const stranger = opened(http(url, { accessToken: "forged" }, { useGETForQueries }));
      const { error } = await stranger.query({ query: parsed.VIEWER });
      assert.deepEqual(codes(error), ["UNAUTHENTICATED"]);
    });
  }

  test(`Apollo Client, ${edition}: persisted queries by GET, and by their text once`, WITHIN, async () => {
    const { fetching, seen } = watchedFetch();
    // Nobody has asked for this one before.
    const query = gql(`query A${randomBytes(8).toString("hex")} { uploadLimits { maxBytes } }`);
    for (const methods of [["GET", "POST"], ["GET"]]) {
      const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
      const apollo = opened(ApolloLink.from([persisted, http(url, undefined, { fetch: fetching })]));
      seen.length = 0;
      assert.ok((await apollo.query({ query })).data.uploadLimits.maxBytes > 0);
      assert.deepEqual(seen.map((each) => each.method), methods);
    }
  });
}

const STREAMED = {
  "graphql-ws": (ann) =>
    new GraphQLWsLink(createClient({
      url: socketOf(served.audited),
      webSocketImpl: WebSocket,
      connectionParams: bearer(ann),
      retryAttempts: 0,
    })),
  SSE: (ann) => {
    const sse = createSse({ url: served.audited, headers: bearer(ann), retryAttempts: 0 });
    return new ApolloLink(({ query, variables }) =>
      new Observable((sink) => sse.subscribe({ query: print(query), variables }, {
        next: (result) => sink.next(result),
        complete: () => sink.complete(),
        error: (error) => sink.error(error),
      })));
  },
};

// Each result of a subscription, until it is complete.
async function* heard(source) {
  const waiting = [];
  let wake = () => undefined;
  const said = (event) => (waiting.push(event), wake());
  const subscription = source.subscribe({
    next: (result) => said({ result }),
    error: (error) => said({ error }),
    complete: () => said({ isOver: true }),
  });
  try {
    for (;;) {
      if (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
      const { result, error, isOver } = waiting.shift();
      if (isOver) return;
      if (error) throw error;
      yield result;
    }
  } finally {
    subscription.unsubscribe();
  }
}

for (const [way, link] of Object.entries(STREAMED)) {
  test(`Apollo Client: a picture is uploaded and followed by ${way} until it is READY`, WITHIN, async () => {
    const ann = await person();
    const isStream = ({ operationType }) => operationType === "subscription";
    const apollo = opened(ApolloLink.split(isStream, link(ann), http(served.audited, ann)));
    const photo = await published(async (name, variables) => {
      const { data, error } = await apollo.mutate({ mutation: MUTATIONS[name], variables });
      assert.equal(error, undefined);
      return data;
    });
    const results = heard(apollo.subscribe({ query: parsed.STATUS, variables: { id: photo.id } }));
    const photos = (async function* () {
      for await (const { data, error } of results) {
        assert.equal(error, undefined);
        yield data.photoStatus;
      }
    })();
    assert.equal((await untilReady(photos)).id, photo.id);

    const unknown = heard(apollo.subscribe({ query: parsed.STATUS, variables: { id: "photo_0" } }));
    const { value } = await unknown.next();
    assert.deepEqual(codes(value.error), ["NOT_FOUND"]);
    await unknown.return();
  });
}

test("Apollo Client: relayStylePagination joins the pages, and things are known by their ids", WITHIN, async () => {
  const ann = await person();
  const fans = await Promise.all([person(), person(), person()]);
  for (const fan of fans) await client(fan).request(documents.FOLLOW, { id: ann.id });
  const cache = new InMemoryCache({
    possibleTypes: { Node: ["User", "Photo", "Comment", "Notification", "Upload"] },
    typePolicies: { User: { fields: { followers: relayStylePagination() } } },
  });
  const apollo = opened(http(served.audited, ann), { cache });
  const watched = apollo.watchQuery({ query: parsed.FOLLOWERS, variables: { id: ann.id, first: 2 } });
  const results = heard(watched);
  const followers = async (count) => {
    for await (const { data } of { [Symbol.asyncIterator]: () => ({ next: () => results.next() }) }) {
      if (data?.node?.followers.edges.length === count) return data.node.followers;
    }
  };
  const first = await followers(2);
  assert.equal(first.pageInfo.hasNextPage, true);

  await watched.fetchMore({ variables: { after: first.pageInfo.endCursor } });
  const both = await followers(3);
  assert.deepEqual(both.edges.map((edge) => edge.node.id), fans.map((fan) => fan.id).reverse());
  assert.equal(both.pageInfo.hasNextPage, false);

  const mutated = await apollo.mutate({ mutation: parsed.FOLLOW, variables: { id: fans[0].id } });
  assert.deepEqual(mutated.data.followUser.errors, []);
  assert.equal(cache.extract()[`User:${fans[0].id}`].followerCount, 1);
  await results.return();
});

test("Apollo Client: a session that ran out is refreshed, and what failed is asked again", WITHIN, async () => {
  const ann = await person(brief);
  const tokens = { ...ann };
  let refreshing;
  let refreshed = 0;
  async function refresh() {
    refreshed += 1;
    const input = { refreshToken: tokens.refreshToken };
    const { refreshSession } = await client(undefined, brief).request(documents.REFRESH, { input });
    Object.assign(tokens, refreshSession.session);
  }
  const renew = new ErrorLink(({ error, operation, forward }) => {
    if (!CombinedGraphQLErrors.is(error) || !codes(error).includes("UNAUTHENTICATED")) return undefined;
    refreshing ??= refresh().finally(() => (refreshing = undefined));
    return from(refreshing).pipe(switchMap(() => forward(operation)));
  });
  const signed = new SetContextLink(({ headers }) => ({ headers: { ...headers, ...bearer(tokens) } }));
  const apollo = opened(ApolloLink.from([renew, signed, http(brief)]));
  // Every answer is the viewer's, also the one for which the token had run out.
  await ranOut(ann);
  while (refreshed === 0) {
    const { data, error } = await apollo.query({ query: parsed.VIEWER, fetchPolicy: "network-only" });
    assert.deepEqual([data?.viewer?.id, error], [ann.id, undefined]);
  }
  assert.equal(refreshed, 1);
});
