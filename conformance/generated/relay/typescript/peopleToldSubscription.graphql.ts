/**
 * @generated SignedSource<<910b15958f7d9f1043e8d2d4ad9ea11a>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type NotificationKind = "COMMENT" | "FOLLOW" | "FOLLOW_ACCEPTED" | "FOLLOW_REQUEST" | "LIKE" | "MENTION" | "REPLY" | "%future added value";
export type peopleToldSubscription$variables = Record<PropertyKey, never>;
export type peopleToldSubscription$data = {
  readonly notificationReceived: {
    readonly actor: {
      readonly id: string;
      readonly username: string;
    };
    readonly id: string;
    readonly kind: NotificationKind;
  };
};
export type peopleToldSubscription = {
  response: peopleToldSubscription$data;
  variables: peopleToldSubscription$variables;
};

const node: ConcreteRequest = (function(){
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

(node as any).hash = "23c4d9c1c30eddbfbec0e5666d96416f";

export default node;
