/**
 * @generated SignedSource<<e62ef4429b91bedc2abfe313314317a7>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type ErrorCode = "CONFLICT" | "EXPIRED" | "INVALID" | "MISSING_OBJECT" | "NOT_ALLOWED" | "NOT_FOUND" | "QUOTA_EXCEEDED" | "TAKEN" | "TOO_LARGE" | "TOO_LONG" | "UNSUPPORTED_TYPE" | "WRONG_CREDENTIALS" | "%future added value";
export type PhotoStatus = "FAILED" | "PROCESSING" | "READY" | "%future added value";
export type Visibility = "FOLLOWERS" | "PRIVATE" | "PUBLIC" | "%future added value";
export type PublishPhotoInput = {
  altText?: string;
  caption?: string;
  location?: LocationInput | null | undefined;
  shareCamera?: boolean;
  shareLocation?: boolean;
  shareTakenAt?: boolean;
  tags?: ReadonlyArray<string>;
  title?: string;
  uploadId: string;
  visibility?: Visibility;
};
export type LocationInput = {
  latitude: number;
  longitude: number;
  name?: string | null | undefined;
};
export type photosPublishMutation$variables = {
  input: PublishPhotoInput;
};
export type photosPublishMutation$data = {
  readonly publishPhoto: {
    readonly errors: ReadonlyArray<{
      readonly code: ErrorCode;
    }>;
    readonly photo: {
      readonly id: string;
      readonly status: PhotoStatus;
    } | null | undefined;
  };
};
export type photosPublishMutation = {
  response: photosPublishMutation$data;
  variables: photosPublishMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "input",
    "variableName": "input"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "concreteType": "Photo",
  "kind": "LinkedField",
  "name": "photo",
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
    }
  ],
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "code",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "photosPublishMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "PhotoPayload",
        "kind": "LinkedField",
        "name": "publishPhoto",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "errors",
            "plural": true,
            "selections": [
              (v3/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "photosPublishMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "PhotoPayload",
        "kind": "LinkedField",
        "name": "publishPhoto",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "errors",
            "plural": true,
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "__typename",
                "storageKey": null
              },
              (v3/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "227a075bcb7726d76d609849079d4ff3",
    "id": null,
    "metadata": {},
    "name": "photosPublishMutation",
    "operationKind": "mutation",
    "text": "mutation photosPublishMutation(\n  $input: PublishPhotoInput!\n) {\n  publishPhoto(input: $input) {\n    photo {\n      id\n      status\n    }\n    errors {\n      __typename\n      code\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "2f1e3e163c04cf9a2cc168756927b533";

export default node;
