// Trusted documents of graphql-codegen, where nothing else is answered: by HTTP, WebSocket and SSE.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, cacheExchange, fetchExchange, getOperationName } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient as createSse } from "graphql-sse";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { FOLLOW, UNFOLLOW, VIEWER } from "./documents.js";
import { bearer, client, person } from "./people.js";
import { socketOf, trusting, watchedFetch } from "./served.js";
import { whileWaiting } from "./uploads.js";

const WITHIN = { timeout: 60_000 };
const manifest = JSON.parse(await readFile(new URL("generated/codegen/persisted-documents.json", import.meta.url)));
const idOf = (name) => {
  const found = Object.keys(manifest).filter((id) => new RegExp(`\\b(query|mutation|subscription) ${name}\\b`).test(manifest[id]));
  assert.equal(found.length, 1);
  return found[0];
};

async function asked(body, who) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json", ...(who && bearer(who)) };
  const response = await fetch(trusting, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, ...(await response.json()) };
}

test("a trusted document is answered by its id", WITHIN, async () => {
  const ann = await person();
  const ways = [
    { documentId: idOf("Viewer") },
    { documentId: idOf("Viewer"), operationName: "Viewer" },
    { extensions: { persistedQuery: { version: 1, sha256Hash: idOf("Viewer") } } },
    { extensions: { persistedQuery: { version: 1, sha256Hash: idOf("Viewer").replace("sha256:", "") } } },
  ];
  for (const way of ways) {
    const { status, data, errors } = await asked(way, ann);
    assert.deepEqual([status, errors, data.viewer.id], [200, undefined, ann.id]);
  }
  const page = await asked({ documentId: idOf("Followers"), variables: { id: ann.id, first: 2 } }, ann);
  assert.deepEqual(page.data.node.followers.edges, []);
});

test("any other text is refused, and so is an unknown id", WITHIN, async () => {
  for (const body of [{ query: VIEWER }, { documentId: "sha256:0" }, { query: "{ __schema { types { name } } }" }]) {
    const { status, errors, data } = await asked(body);
    assert.deepEqual([status, errors[0].extensions.code, data], [400, "DOCUMENT_NOT_TRUSTED", undefined]);
  }
});

// Each sends the id of the document instead of what it would have sent.
const CLIENTS = {
  async urql(who, fetching) {
    const named = persistedExchange({
      enforcePersistedQueries: true,
      enableForMutation: true,
      generateHash: async (_, document) => idOf(getOperationName(document)),
    });
    const urql = new Client({
      url: trusting,
      fetch: fetching,
      fetchOptions: { headers: bearer(who) },
      exchanges: [cacheExchange, named, fetchExchange],
    });
    const asked = [await urql.query(VIEWER, {}), await urql.mutation(FOLLOW, { id: "user_0" })];
    return asked.map(({ data, error }) => (assert.equal(error, undefined), data));
  },
  async "Apollo Client"(who, fetching) {
    const named = new PersistedQueryLink({
      generateHash: (document) => idOf(document.definitions[0].name.value),
      useGETForHashedQueries: true,
    });
    const http = new HttpLink({ uri: trusting, headers: bearer(who), fetch: fetching });
    const apollo = new ApolloClient({ link: ApolloLink.from([named, http]), cache: new InMemoryCache() });
    const asked = [
      await apollo.query({ query: gql(VIEWER) }),
      await apollo.mutate({ mutation: gql(FOLLOW), variables: { id: "user_0" } }),
    ];
    return asked.map(({ data, error }) => (assert.equal(error, undefined), data));
  },
};

for (const [name, asked] of Object.entries(CLIENTS)) {
  test(`${name} asks by the ids of trusted documents alone`, WITHIN, async () => {
    const ann = await person();
    const { fetching, seen } = watchedFetch();
    const [{ viewer }, { followUser }] = await asked(ann, fetching);
    assert.deepEqual([viewer.__typename, viewer.id], ["User", ann.id]);
    assert.deepEqual(followUser.errors.map(({ code }) => code), ["NOT_FOUND"]);
    assert.deepEqual(seen.map(({ method, status }) => [method, status]), [["GET", 200], ["POST", 200]]);
    assert.ok(!seen.some(({ url, body }) => `${url}${body}`.includes("viewer {")));
  });
}

const STREAMED = {
  "graphql-ws": (ann) =>
    createClient({ url: socketOf(trusting), webSocketImpl: WebSocket, connectionParams: bearer(ann), retryAttempts: 0 }),
  "graphql-sse": (ann) => createSse({ url: trusting, headers: bearer(ann), retryAttempts: 0 }),
};

for (const [name, opened] of Object.entries(STREAMED)) {
  test(`${name} subscribes to a trusted document, and to nothing else`, WITHIN, async () => {
    const [ann, bob] = await Promise.all([person(), person()]);
    const stream = opened(ann);
    const told = stream.iterate({ query: "", documentId: idOf("Told") });
    const { value } = await whileWaiting(told.next(), async () => {
      await client(bob).request(FOLLOW, { id: ann.id });
      await client(bob).request(UNFOLLOW, { id: ann.id });
    });
    assert.equal(value.data.notificationReceived.actor.id, bob.id);
    await told.return();

    const other = stream.iterate({ query: "subscription { notificationReceived { id } }" });
    const refused = await other.next().then(({ value }) => value.errors, (errors) => errors);
    assert.equal(refused[0].extensions.code, "DOCUMENT_NOT_TRUSTED");
    stream.dispose();
  });
}
