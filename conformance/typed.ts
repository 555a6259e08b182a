// How an app reads what was generated: it must compile, and what is marked must not.
import { useFragment } from "./generated/codegen";
import {
  FollowersDocument,
  PersonFragmentDoc,
  type FollowersQuery,
  type NotificationKind,
  type SignUpInput,
  type ToldSubscription,
} from "./generated/codegen/graphql";
import type { peopleViewerQuery$data } from "./generated/relay/typescript/peopleViewerQuery.graphql";

export const input: SignUpInput = { username: "ann", email: "ann@example.test", password: "…" };
// @ts-expect-error A password is needed.
export const unfit: SignUpInput = { username: "ann", email: "ann@example.test" };
export const id: string = FollowersDocument.__meta__?.["hash"] as string;

export function names(answer: FollowersQuery): string[] {
  if (answer.node?.__typename !== "User") return [];
  return answer.node.followers.edges.map(({ node }) => useFragment(PersonFragmentDoc, node).username);
}

export function spoken({ notificationReceived: told }: ToldSubscription): string {
  const kind: NotificationKind = told.kind;
  const at: string = told.createdAt;
  return `${at}: ${kind}`;
}

export const viewer = (data: peopleViewerQuery$data): string | undefined => data.viewer?.username;
