"""What owners and those who look ask for."""

PHOTO = """
query($id: ID!) { node(id: $id) { ... on Photo {
  title caption altText tags location { latitude longitude name } visibility
} } }
"""
UPDATE = """
mutation($input: UpdatePhotoInput!) { updatePhoto(input: $input) {
  photo { title caption altText tags location { latitude longitude name } visibility }
  errors { code message path }
} }
"""
RETRY = """
mutation($id: ID!) { retryPhoto(id: $id) {
  photo { id status failure { code } } errors { code message path }
} }
"""
DELETE = """
mutation($id: ID!) { deletePhoto(id: $id) { deletedId errors { code path } } }
"""
SAID = {
    "title": "Dusk",
    "caption": "By the sea #sea",
    "altText": "A teal field",
    "tags": ["blue", "sea"],
    "location": {"latitude": 54.5, "longitude": -0.25, "name": "Whitby"},
    "visibility": "FOLLOWERS",
}
