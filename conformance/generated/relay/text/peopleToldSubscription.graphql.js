/**
 * @generated SignedSource<<787c243c63717fa136e3d373b476633c>>
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

var node = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v1 = [
  {
    "alias": null,
    "args": null,
    "concreteType": "Notification",
    "kind": "LinkedField",
    "name": "notificationReceived",
    "plural": false,
    "selections": [
      (v0/*:: as any*/),
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "kind",
        "storageKey": null
      },
      {
        "alias": null,
        "args": null,
        "concreteType": "User",
        "kind": "LinkedField",
        "name": "actor",
        "plural": false,
        "selections": [
          (v0/*:: as any*/),
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
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "peopleToldSubscription",
    "selections": (v1/*:: as any*/),
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "peopleToldSubscription",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "f28b3c9128372fddd6cc0facf1d06f48",
    "id": null,
    "metadata": {},
    "name": "peopleToldSubscription",
    "operationKind": "subscription",
    "text": "subscription peopleToldSubscription {\n  notificationReceived {\n    id\n    kind\n    actor {\n      id\n      username\n    }\n  }\n}\n"
  }
};
})();

node.hash = "23c4d9c1c30eddbfbec0e5666d96416f";

export default node;
