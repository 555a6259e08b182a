// relay-runtime with what relay-compiler made: the network layer as Relay's documentation has it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws";
import { bearer, client, person } from "./people.js";
import { FOLLOW, UNFOLLOW } from "./documents.js";
import { served, socketOf, trusting } from "./served.js";
import { published, untilReady, whileWaiting } from "./uploads.js";

const WITHIN = { timeout: 60_000 };
const require = createRequire(import.meta.url);
// With the text of each document, or with its id alone.
const made = (kind) => (name) => require(`./generated/relay/${kind}/${name}.graphql.js`);
const withText = made("text");

function environment(url, who) {
  const asked = (request, variables) => ({
    ...(request.id ? { query: "", doc_id: request.id } : { query: request.text }),
    operationName: request.name,
    variables,
  });
  const ask = async (request, variables) => {
    const headers = {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...bearer(who),
    };
    const body = JSON.stringify(asked(request, variables));
    return (await fetch(url, { method: "POST", headers, body })).json();
  };
  const socket = createClient({
    url: socketOf(url),
    webSocketImpl: WebSocket,
    connectionParams: bearer(who),
    retryAttempts: 0,
  });
  const hear = (request, variables) =>
    relay.Observable.create((sink) => socket.subscribe(asked(request, variables), sink));
  const network = relay.Network.create(ask, hear);
  return new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });
}

const fetched = (environment, query, variables = {}) =>
  relay.fetchQuery(environment, query, variables).toPromise();

const mutated = (environment, mutation, variables) =>
  new Promise((onCompleted, onError) =>
    relay.commitMutation(environment, {
      mutation,
      variables,
      onCompleted: (data, errors) => (errors ? onError(errors) : onCompleted(data)),
      onError,
    }));

// Each event of a subscription, until it is complete.
async function* heard(environment, subscription, variables) {
  const waiting = [];
  let wake = () => undefined;
  const said = (event) => (waiting.push(event), wake());
  const { dispose } = relay.requestSubscription(environment, {
    subscription,
    variables,
    onNext: (data) => said({ data }),
    onError: (error) => said({ error }),
    onCompleted: () => said({ isOver: true }),
  });
  try {
    for (;;) {
      if (waiting.length === 0) await new Promise((resolve) => (wake = resolve));
      const { data, error, isOver } = waiting.shift();
      if (isOver) return;
      if (error) throw error;
      yield data;
    }
  } finally {
    dispose();
  }
}

const codes = (error) => error.source.errors.map((each) => each.extensions.code);

for (const [edition, url] of Object.entries(served)) {
  test(`Relay, ${edition}: data, refusals and errors`, WITHIN, async () => {
    const ann = await person();
    const own = environment(url, ann);

    const { viewer } = await fetched(own, withText("peopleViewerQuery"));
    assert.deepEqual(viewer, { id: ann.id, username: ann.username });

    const { followUser } = await mutated(own, withText("peopleFollowMutation"), { id: "user_0" });
    assert.equal(followUser.user, null);
    assert.deepEqual(followUser.errors.map(({ code }) => code), ["NOT_FOUND"]);

    await assert.rejects(fetched(own, withText("peopleBadCursorQuery")), (error) => {
      assert.deepEqual(codes(error), ["BAD_USER_INPUT"]);
      return true;
    });
    const broken = await fetched(own, withText("peopleBrokenQuery"));
    assert.deepEqual(broken, { viewer, dataExport: null });

    const stranger = environment(url, { accessToken: "forged" });
    const unknown = await fetched(stranger, withText("peopleViewerQuery"));
    assert.deepEqual(unknown, { viewer: null });
  });
}

for (const [kind, url] of [["text", served.audited], ["persisted", trusting]]) {
  const artifact = made(kind);

  test(`Relay by ${kind}: pages of a connection, read again by node`, WITHIN, async () => {
    const ann = await person();
    const fans = await Promise.all([person(), person(), person()]);
    for (const fan of fans) await client(fan).request(FOLLOW, { id: ann.id });
    const own = environment(url, ann);
    const query = relay.createOperationDescriptor(artifact("peopleFollowersQuery"), { id: ann.id, count: 2 });
    await own.execute({ operation: query }).toPromise();
    own.retain(query);
    const fragment = relay.getFragment(artifact("people_followers"));
    const selector = relay.getSingularSelector(fragment, own.lookup(query.fragment).data.node.people_followers);
    const followers = () => own.lookup(selector).data.followers;
    const ids = () => followers().edges.map((edge) => edge.node.id);
    const expected = fans.map((fan) => fan.id).reverse();
    assert.deepEqual([ids(), followers().pageInfo.hasNextPage], [expected.slice(0, 2), true]);

    const { paginationRequest, paginationMetadata } = relay.getPaginationMetadata(fragment, "the test");
    const more = relay.getPaginationVariables(
      "forward", 2, followers().pageInfo.endCursor, selector.variables, {}, paginationMetadata);
    const next = relay.createOperationDescriptor(paginationRequest, { ...more, id: ann.id });
    await own.execute({ operation: next }).toPromise();
    assert.deepEqual([ids(), followers().pageInfo.hasNextPage], [expected, false]);

    // What a mutation says of a user is what the list says of them from then on.
    const states = () => followers().edges.map(({ node }) =>
      own.lookup(relay.getSingularSelector(relay.getFragment(artifact("people_person")), node)).data.viewerFollow);
    assert.deepEqual(states(), ["NONE", "NONE", "NONE"]);
    await mutated(own, artifact("peopleFollowMutation"), { id: expected[1] });
    assert.deepEqual(states(), ["NONE", "FOLLOWING", "NONE"]);
  });

  test(`Relay by ${kind}: a picture is uploaded and followed until it is READY`, WITHIN, async () => {
    const ann = await person();
    const own = environment(url, ann);
    const photo = await published((name, variables) => mutated(own, artifact(`photos${name}Mutation`), variables));
    const events = heard(own, artifact("photosStatusSubscription"), { id: photo.id });
    const photos = (async function* () {
      for await (const { photoStatus } of events) yield photoStatus;
    })();
    assert.equal((await untilReady(photos)).id, photo.id);
  });

  test(`Relay by ${kind}: a subscription is told, or why it cannot begin`, WITHIN, async () => {
    const [ann, bob] = await Promise.all([person(), person()]);
    const own = environment(url, ann);
    const told = heard(own, artifact("peopleToldSubscription"), {});
    const { value } = await whileWaiting(told.next(), async () => {
      await client(bob).request(FOLLOW, { id: ann.id });
      await client(bob).request(UNFOLLOW, { id: ann.id });
    });
    assert.deepEqual(value.notificationReceived.actor, { id: bob.id, username: bob.username });
    await told.return();

    const unknown = heard(own, artifact("photosStatusSubscription"), { id: "photo_0" });
    await assert.rejects(unknown.next(), ([error]) => error.extensions.code === "NOT_FOUND");
  });
}
