/**
 * @generated SignedSource<<49d5812f4e9372c89877911374416301>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

var node = (function(){
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

node.hash = "4a5d40a09b1eb9c5b99bed9e032d01d3";

export default node;
