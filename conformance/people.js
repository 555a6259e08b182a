// Accounts of their own for each test file.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { GraphQLClient } from "graphql-request";

export const url = process.env.PICSHARE_GRAPHQL;
export const bearer = (person) => ({ authorization: `Bearer ${person.accessToken}` });
export const client = (person) => new GraphQLClient(url, { headers: person ? bearer(person) : {} });

const SIGN_UP = `mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) { session { accessToken refreshToken user { id username } } errors { code } }
}`;

export const signUp = (input) => client().request(SIGN_UP, { input });

export async function person() {
  const username = `u${randomBytes(8).toString("hex")}`;
  const input = { username, email: `${username}@example.test`, password: "correct horse battery" };
  const { signUp: answer } = await signUp(input);
  assert.deepEqual(answer.errors, []);
  return { ...answer.session, ...answer.session.user, input };
}
