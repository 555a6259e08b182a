/**
 * @generated SignedSource<<109dff9e9b9a897041a7f19bea4c0452>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type PhotoStatus = "FAILED" | "PROCESSING" | "READY" | "%future added value";
export type peopleBrokenQuery$variables = Record<PropertyKey, never>;
export type peopleBrokenQuery$data = {
  readonly dataExport: {
    readonly status: PhotoStatus;
  } | null | undefined;
  readonly viewer: {
    readonly id: string;
    readonly username: string;
  } | null | undefined;
};
export type peopleBrokenQuery = {
  response: peopleBrokenQuery$data;
  variables: peopleBrokenQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "alias": null,
    "args": null,
    "concreteType": "User",
    "kind": "LinkedField",
    "name": "viewer",
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
        "name": "username",
        "storageKey": null
      }
    ],
    "storageKey": null
  },
  {
    "alias": null,
    "args": null,
    "concreteType": "DataExport",
    "kind": "LinkedField",
    "name": "dataExport",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "status",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "peopleBrokenQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "peopleBrokenQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "cacheID": "1f811dd2f0c9bb397067b180dab0d29d",
    "id": null,
    "metadata": {},
    "name": "peopleBrokenQuery",
    "operationKind": "query",
    "text": "query peopleBrokenQuery {\n  viewer {\n    id\n    username\n  }\n  dataExport {\n    status\n  }\n}\n"
  }
};
})();

(node as any).hash = "1c884451781567e735f55aae48a43761";

export default node;
