/**
 * @generated SignedSource<<77491e924795a1ba603cab78225ae72d>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

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
    "cacheID": "a6d7cb982321dd76f8c66e71d24a56d8",
    "id": null,
    "metadata": {},
    "name": "peopleBadCursorQuery",
    "operationKind": "query",
    "text": "query peopleBadCursorQuery {\n  photos(after: \"0\") {\n    edges {\n      cursor\n    }\n  }\n}\n"
  }
};
})();

node.hash = "1391f1248ebe8ee6bccb8e0d2d445469";

export default node;
