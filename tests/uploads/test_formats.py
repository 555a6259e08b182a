"""Every size is there as WebP and as JPEG, and one chooses by an argument."""

import io

import pytest
from PIL import Image

from storage.rows import Visibility
from tests.storing import make_awaiting, variant_rows
from workers.outcomes import Outcome
from workers.variants import make

VARIANTS = """
query($id: ID!) { node(id: $id) { ... on Photo {
  webp: variants { ...shown }
  jpeg: variants(format: JPEG) { ...shown }
  smallest: variant(minWidth: 300, format: JPEG) { ...shown }
  usual: variant(minWidth: 300) { ...shown }
} } }
fragment shown on Variant { name url width height contentType byteSize }
"""


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.PRIVATE])
async def test_each_size_can_be_had_in_both_formats(
    database, objects, workshop, client, settings, ask, ann, visibility
):
    photo = await make_awaiting(database, objects, ann, visibility)
    assert await make(workshop, photo.key) is Outcome.DONE
    assert len(await variant_rows(database, photo)) == 6

    shown = (await ask(VARIANTS, viewer=ann, id=photo.id))["node"]

    for kind in ("webp", "jpeg"):
        assert [each["name"] for each in shown[kind]] == ["THUMB", "MEDIUM", "FULL"]
        for each in shown[kind]:
            answer = await client.get(each["url"].removeprefix(settings.api_url))
            assert answer.status_code == 200
            assert answer.headers["content-type"] == each["contentType"] == f"image/{kind}"
            assert len(answer.content) == each["byteSize"]
            with Image.open(io.BytesIO(answer.content)) as image:
                assert image.format == kind.upper()
                assert image.size == (each["width"], each["height"])
    assert shown["smallest"] == shown["jpeg"][0]
    assert shown["usual"] == shown["webp"][0]
