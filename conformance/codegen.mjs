// graphql-codegen as docs/clients.md has it.
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

export default {
  schema: "../schema/schema.graphql",
  documents: "codegen/*.graphql",
  generates: {
    "generated/codegen/": {
      preset: "client",
      presetConfig: { persistedDocuments: true },
      // Caches know things by their type and id: a client cannot add it to what is trusted.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        scalars: { DateTime: "string", ID: "string" },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};
