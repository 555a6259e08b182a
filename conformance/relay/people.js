import { graphql } from "relay-runtime";

graphql`
  query peopleViewerQuery {
    viewer {
      id
      username
    }
  }
`;

graphql`
  query peopleBrokenQuery {
    viewer {
      id
      username
    }
    dataExport {
      status
    }
  }
`;

graphql`
  query peopleBadCursorQuery {
    photos(after: "0") {
      edges {
        cursor
      }
    }
  }
`;

graphql`
  query peopleFollowersQuery($id: ID!, $count: Int!) {
    node(id: $id) {
      ...people_followers @arguments(count: $count) @alias
    }
  }
`;

graphql`
  fragment people_followers on User
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" })
  @refetchable(queryName: "peopleMoreFollowersQuery") {
    id
    followers(first: $count, after: $cursor) @connection(key: "people_followers") {
      edges {
        node {
          id
          ...people_person
        }
      }
    }
  }
`;

graphql`
  fragment people_person on User {
    username
    createdAt
    followerCount
    viewerFollow
  }
`;

graphql`
  mutation peopleFollowMutation($id: ID!) {
    followUser(id: $id) {
      user {
        ...people_person
      }
      errors {
        __typename
        code
        message
        path
      }
    }
  }
`;

graphql`
  subscription peopleToldSubscription {
    notificationReceived {
      id
      kind
      actor {
        id
        username
      }
    }
  }
`;
