// graphql-request: variables, mutations, and the three ways to be refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientError } from "graphql-request";
import { client, person, signUp } from "./people.js";

const VIEWER = "query Viewer { viewer { id username } }";

test("a viewer is asked for with a session", async () => {
  const ann = await person();
  const { viewer } = await client(ann).request(VIEWER);
  assert.deepEqual(viewer, { id: ann.id, username: ann.username });
});

test("a refusal is an entry of the payload", async () => {
  const ann = await person();
  const { signUp: answer } = await signUp({ ...ann.input, email: `other.${ann.input.email}` });
  assert.equal(answer.session, null);
  assert.deepEqual(answer.errors.map((error) => error.code), ["TAKEN"]);
});

test("a forged token is UNAUTHENTICATED", async () => {
  const asked = client({ accessToken: "forged" }).request(VIEWER);
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.response.errors[0].extensions.code, "UNAUTHENTICATED");
    return true;
  });
});

test("an invalid document is a ClientError of status 400", async () => {
  await assert.rejects(client().request("query { nothing }"), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(error.response.status, 400);
    return true;
  });
});
