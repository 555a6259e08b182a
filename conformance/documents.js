// What the clients ask for, each in its own way.
export const VIEWER = "query Viewer { viewer { id username } }";
export const BAD_CURSOR = 'query BadCursor { photos(after: "0") { edges { cursor } } }';
export const INVALID = "query Invalid { nothing }";
// The table of exports is away meanwhile, and nobody has foreseen that.
export const BROKEN = "query Broken { viewer { id username } dataExport { status } }";
export const FOLLOW = "mutation Follow($id: ID!) { followUser(id: $id) { user { id followerCount } errors { code path } } }";
export const UNFOLLOW = "mutation Unfollow($id: ID!) { unfollowUser(id: $id) { errors { code } } }";
export const FOLLOWERS = `query Followers($id: ID!, $first: Int!, $after: String) {
  node(id: $id) { __typename id ... on User {
    followers(first: $first, after: $after) {
      edges { cursor node { id username } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }
}`;
export const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) { session { accessToken refreshToken } errors { code } }
}`;
export const CREATE = `mutation Create($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id request { method url headers { name value } } } errors { code } }
}`;
export const PUBLISH = `mutation Publish($input: PublishPhotoInput!) {
  publishPhoto(input: $input) { photo { id status } errors { code } }
}`;
export const STATUS = "subscription Status($id: ID!) { photoStatus(id: $id) { id status variants { name url } } }";
export const TOLD = "subscription Told { notificationReceived { id kind actor { id } } }";
