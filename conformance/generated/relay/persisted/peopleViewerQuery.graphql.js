/**
 * @generated SignedSource<<dec925e37e8d116c1ce7f59712bd3867>>
 * @relayHash 1cf3ee26c3dd2884ddea49bf5429fdcd
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 1b03d1ca96f37f6e8ccc2f37181ebbc205d2fa6e99e52dade6e25af0d19f3c1e

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
    "id": "1b03d1ca96f37f6e8ccc2f37181ebbc205d2fa6e99e52dade6e25af0d19f3c1e",
    "metadata": {},
    "name": "peopleViewerQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

node.hash = "4a5d40a09b1eb9c5b99bed9e032d01d3";

export default node;
