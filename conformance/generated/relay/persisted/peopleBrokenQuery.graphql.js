/**
 * @generated SignedSource<<f35347c6bb3581a0c59dde45cde854c7>>
 * @relayHash 1f811dd2f0c9bb397067b180dab0d29d
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID c1ff98cc3fca1f69783ab6f7cde1074b37ee137a24b62c71bf14807fa7c66622

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
    "id": "c1ff98cc3fca1f69783ab6f7cde1074b37ee137a24b62c71bf14807fa7c66622",
    "metadata": {},
    "name": "peopleBrokenQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

node.hash = "1c884451781567e735f55aae48a43761";

export default node;
