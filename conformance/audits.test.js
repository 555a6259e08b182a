// The audits of graphql-http: GraphQL over HTTP, each of its MUSTs, SHOULDs and MAYs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";

const audits = serverAudits({ url: process.env.PICSHARE_GRAPHQL });

test("all audits are there", () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const found = await audit.fn();
    assert.equal(found.status, "ok", found.reason);
  });
}
