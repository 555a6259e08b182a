// The audits of graphql-http: GraphQL over HTTP, each of its MUSTs, SHOULDs and MAYs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { served } from "./served.js";

const audits = serverAudits({ url: served.audited });

test("all audits are there", () => assert.equal(audits.length, 61));

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async () => {
    const found = await audit.fn();
    assert.equal(found.status, "ok", found.reason);
  });
}

test("the edition of September 2026 breaks no MUST of the drafts before it", async () => {
  const found = {};
  for (const audit of serverAudits({ url: served["september-2026"] })) {
    const { status, reason } = await audit.fn();
    found[status] = (found[status] ?? 0) + 1;
    // All that they miss are the statuses that it has changed.
    if (status !== "ok") assert.match(reason, /^Response status code is not (200|400)$/);
  }
  assert.deepEqual(found, { ok: 39, notice: 18, warn: 4 });
});
