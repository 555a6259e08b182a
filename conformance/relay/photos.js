import { graphql } from "relay-runtime";

graphql`
  mutation photosCreateMutation($input: CreateUploadInput!) {
    createUpload(input: $input) {
      upload {
        id
        request {
          method
          url
          headers {
            name
            value
          }
        }
      }
      errors {
        code
      }
    }
  }
`;

graphql`
  mutation photosPublishMutation($input: PublishPhotoInput!) {
    publishPhoto(input: $input) {
      photo {
        id
        status
      }
      errors {
        code
      }
    }
  }
`;

graphql`
  subscription photosStatusSubscription($id: ID!) {
    photoStatus(id: $id) {
      id
      status
      variants {
        name
        url
      }
    }
  }
`;
