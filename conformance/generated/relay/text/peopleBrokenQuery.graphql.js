/**
 * @generated SignedSource<<8f2850bbf4a2c2633cc2380604ebcf96>>
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

node.hash = "1c884451781567e735f55aae48a43761";

export default node;
