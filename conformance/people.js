// Accounts of their own for each test file.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { GraphQLClient } from "graphql-request";

export const url = process.env.PICSHARE_GRAPHQL;
export const bearer = (person) => ({ authorization: `Bearer ${person.accessToken}` });
export const client = (person, at = url) => new GraphQLClient(at, { headers: person ? bearer(person) : {} });

const SIGN_UP = `mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) { session { accessToken accessTokenExpiresAt refreshToken user { id username } } errors { code } }
}`;

export const signUp = (input, at = url) => client(undefined, at).request(SIGN_UP, { input });

export async function person(at = url) {
  const username = `u${randomBytes(8).toString("hex")}`;
  const input = { username, email: `${username}@example.test`, password: "correct horse battery" };
  const { signUp: answer } = await signUp(input, at);
  assert.deepEqual(answer.errors, []);
  return { ...answer.session, ...answer.session.user, input };
}

// Until the person's access token is refused.
export const ranOut = (person) =>
  new Promise((resolve) => setTimeout(resolve, new Date(person.accessTokenExpiresAt) - Date.now()));
