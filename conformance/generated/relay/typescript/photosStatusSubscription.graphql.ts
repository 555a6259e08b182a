/**
 * @generated SignedSource<<a83cebb0bfa251cb8d32a607afb8240a>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type PhotoStatus = "FAILED" | "PROCESSING" | "READY" | "%future added value";
export type VariantName = "FULL" | "MEDIUM" | "THUMB" | "%future added value";
export type photosStatusSubscription$variables = {
  id: string;
};
export type photosStatusSubscription$data = {
  readonly photoStatus: {
    readonly id: string;
    readonly status: PhotoStatus;
    readonly variants: ReadonlyArray<{
      readonly name: VariantName;
      readonly url: string;
    }>;
  };
};
export type photosStatusSubscription = {
  response: photosStatusSubscription$data;
  variables: photosStatusSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "id"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "id",
        "variableName": "id"
      }
    ],
    "concreteType": "Photo",
    "kind": "LinkedField",
    "name": "photoStatus",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "id",
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "status",
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "concreteType": "Variant",
        "kind": "LinkedField",
        "name": "variants",
        "plural": true,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "name",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "url",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "photosStatusSubscription",
    "selections": (v1/*:: as any*/),
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "photosStatusSubscription",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "336840aaa971c18351257cf1ea391335",
    "id": null,
    "metadata": {},
    "name": "photosStatusSubscription",
    "operationKind": "subscription",
    "text": "subscription photosStatusSubscription(\n  $id: ID!\n) {\n  photoStatus(id: $id) {\n    id\n    status\n    variants {\n      name\n      url\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "8732f40e5ff630401493cac05bd5c67c";

export default node;
