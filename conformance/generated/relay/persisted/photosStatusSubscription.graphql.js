/**
 * @generated SignedSource<<b247951262497dbe0f116b939a62fc75>>
 * @relayHash 336840aaa971c18351257cf1ea391335
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID d169390887e371938f6d7c8160b77740d113bd3d47c8ffbd2e6d9e75606a06ae

var node = (function(){
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
    "id": "d169390887e371938f6d7c8160b77740d113bd3d47c8ffbd2e6d9e75606a06ae",
    "metadata": {},
    "name": "photosStatusSubscription",
    "operationKind": "subscription",
    "text": null
  }
};
})();

node.hash = "8732f40e5ff630401493cac05bd5c67c";

export default node;
