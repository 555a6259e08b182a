/**
 * @generated SignedSource<<32d65566f83fcd5ac90f48e5116823d0>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type peopleBadCursorQuery$variables = Record<PropertyKey, never>;
export type peopleBadCursorQuery$data = {
  readonly photos: {
    readonly edges: ReadonlyArray<{
      readonly cursor: string;
    }>;
  };
};
export type peopleBadCursorQuery = {
  response: peopleBadCursorQuery$data;
  variables: peopleBadCursorQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Literal",
        "name": "after",
        "value": "0"
      }
    ],
    "concreteType": "PhotoConnection",
    "kind": "LinkedField",
    "name": "photos",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "PhotoEdge",
        "kind": "LinkedField",
        "name": "edges",
        "plural": true,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "cursor",
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "storageKey": "photos(after:\"0\")"
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "peopleBadCursorQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "peopleBadCursorQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "cacheID": "a6d7cb982321dd76f8c66e71d24a56d8",
    "id": null,
    "metadata": {},
    "name": "peopleBadCursorQuery",
    "operationKind": "query",
    "text": "query peopleBadCursorQuery {\n  photos(after: \"0\") {\n    edges {\n      cursor\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "1391f1248ebe8ee6bccb8e0d2d445469";

export default node;
