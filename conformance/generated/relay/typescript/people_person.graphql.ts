/**
 * @generated SignedSource<<b40b1fd03434580615b5d5e314b144db>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ReaderFragment } from 'relay-runtime';
export type FollowState = "FOLLOWING" | "NONE" | "REQUESTED" | "%future added value";
import { FragmentRefs } from "relay-runtime";
export type people_person$data = {
  readonly createdAt: string;
  readonly followerCount: number;
  readonly username: string;
  readonly viewerFollow: FollowState;
  readonly " $fragmentType": "people_person";
};
export type people_person$key = {
  readonly " $data"?: people_person$data;
  readonly " $fragmentSpreads": FragmentRefs<"people_person">;
};

const node: ReaderFragment = {
  "argumentDefinitions": [],
  "kind": "Fragment",
  "metadata": null,
  "name": "people_person",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "username",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "createdAt",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "followerCount",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "viewerFollow",
      "storageKey": null
    }
  ],
  "type": "User",
  "abstractKey": null
};

(node as any).hash = "44ed4b64bd33da001747b821e6c5bc8b";

export default node;
