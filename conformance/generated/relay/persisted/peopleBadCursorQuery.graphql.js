/**
 * @generated SignedSource<<d9451869f5ec6f5780301a8c4ad33dc1>>
 * @relayHash a6d7cb982321dd76f8c66e71d24a56d8
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 4811c7ba089c6ffd3def5574421517ff2058d535d813f230403e8371debe37c1

var node = (function(){
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
    "id": "4811c7ba089c6ffd3def5574421517ff2058d535d813f230403e8371debe37c1",
    "metadata": {},
    "name": "peopleBadCursorQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

node.hash = "1391f1248ebe8ee6bccb8e0d2d445469";

export default node;
