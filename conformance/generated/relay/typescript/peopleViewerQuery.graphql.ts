/**
 * @generated SignedSource<<7c28e8967e183dedc136229203188e22>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type peopleViewerQuery$variables = Record<PropertyKey, never>;
export type peopleViewerQuery$data = {
  readonly viewer: {
    readonly id: string;
    readonly username: string;
  } | null | undefined;
};
export type peopleViewerQuery = {
  response: peopleViewerQuery$data;
  variables: peopleViewerQuery$variables;
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
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "peopleViewerQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "peopleViewerQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "cacheID": "1cf3ee26c3dd2884ddea49bf5429fdcd",
    "id": null,
    "metadata": {},
    "name": "peopleViewerQuery",
    "operationKind": "query",
    "text": "query peopleViewerQuery {\n  viewer {\n    id\n    username\n  }\n}\n"
  }
};
})();

(node as any).hash = "4a5d40a09b1eb9c5b99bed9e032d01d3";

export default node;
