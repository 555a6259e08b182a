/**
 * @generated SignedSource<<2eb28537f9c980bbe47d6945fa7bc706>>
 * @relayHash f28b3c9128372fddd6cc0facf1d06f48
 * @lightSyntaxTransform
 */

/* eslint-disable */

'use strict';

// @relayRequestID 1b9117c3e5295cde84675ad40ecaf10baab09d0c023119139deed1713d1dbae3

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
    "id": "1b9117c3e5295cde84675ad40ecaf10baab09d0c023119139deed1713d1dbae3",
    "metadata": {},
    "name": "peopleToldSubscription",
    "operationKind": "subscription",
    "text": null
  }
};
})();

node.hash = "23c4d9c1c30eddbfbec0e5666d96416f";

export default node;
