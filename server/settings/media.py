"""Uploads and the pictures made of them."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from server.settings.kinds import Seconds, WebAddress


class MediaSettings(BaseModel):
    """Uploads and the pictures made of them."""

    media_url: WebAddress = Field(
        default="",
        description="Base of public variant URLs, e.g. a CDN. Empty: the API's own /media.",
    )
    restricted_media_url: WebAddress = Field(
        default="",
        description="Base of signed variant URLs. Empty: the API's own /restricted.",
    )
    restricted_media_window_s: Annotated[int, Field(ge=1, le=600)] = Field(
        default=300,
        description="Signed variant URLs stay the same for so many seconds, and work for as many "
        "more; at most 600.",
    )
    upload_ttl_s: Annotated[int, Field(ge=1, le=900)] = Field(
        default=900, description="Life of a presigned upload, in seconds; at most 900."
    )
    publish_ttl_s: Seconds = Field(
        default=86_400, description="How long uploaded bytes wait to be published, in seconds."
    )
    max_upload_bytes: Annotated[int, Field(ge=1, le=5 * 1024**3)] = Field(
        default=50 * 1024**2, description="Largest file that createUpload grants, in bytes."
    )
    max_pixels: Annotated[int, Field(ge=1)] = Field(
        default=100_000_000, description="Largest picture the worker decodes, in pixels."
    )

    @model_validator(mode="after")
    def _publishing_outlives_uploading(self) -> Self:
        if self.publish_ttl_s < self.upload_ttl_s:
            raise ValueError("PICSHARE_PUBLISH_TTL_S must not be below PICSHARE_UPLOAD_TTL_S")
        return self
