// What tools learn of the schema by introspection is what the file says.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from "graphql";
import { client } from "./people.js";

const sorted = (schema) => printSchema(lexicographicSortSchema(schema));

test("introspection and the printed schema are one", async () => {
  const options = { inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true, directiveIsRepeatable: true };
  const asked = buildClientSchema(await client().request(getIntrospectionQuery(options)));
  const printed = buildSchema(await readFile(new URL("../schema/schema.graphql", import.meta.url), "utf8"));
  assert.equal(sorted(asked), sorted(printed));
});
