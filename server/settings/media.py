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
    # CreateUploadInput.byteSize is an Int, which ends there.
    max_upload_bytes: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(
        default=50 * 1024**2,
        description="Largest file that createUpload grants, in bytes; at most 2147483647.",
    )
    upload_part_bytes: Annotated[int, Field(ge=5 * 1024**2)] = Field(
        default=8 * 1024**2,
        description="Larger files can be sent in parts of so many bytes; at least 5 MiB.",
    )
    max_photos_per_user: Annotated[int, Field(ge=0)] = Field(
        default=50_000, description="Most photos of one user; 0 is no limit."
    )
    max_bytes_per_user: Annotated[int, Field(ge=0)] = Field(
        default=200 * 1024**3,
        description="Most bytes that the originals of one user have together; 0 is no limit.",
    )
    replaced_variants_s: Annotated[int, Field(ge=0)] = Field(
        default=7 * 86_400,
        description="How long variants that were made anew can still be read at their old "
        "addresses, in seconds: as long as a client may show a page that it has kept.",
    )
    sweep_s: Annotated[int, Field(ge=0)] = Field(
        default=3_600,
        description="How often a worker removes rows that lead nowhere any more, in seconds; 0 is "
        "never.",
    )
    sweep_objects_s: Annotated[int, Field(ge=0)] = Field(
        default=86_400,
        description="How often a worker walks through the bucket and removes objects without rows, "
        "in seconds; 0 is never.",
    )
    sweep_grace_s: Annotated[int, Field(ge=3_600)] = Field(
        default=86_400,
        description="How long what is left over is kept, beyond all that could still become "
        "something, in seconds; at least an hour.",
    )
    sweep_most_originals: Annotated[int, Field(ge=0)] = Field(
        default=100,
        description="Most originals without rows that one walk removes; with more of them, as "
        "after a backup was restored, none.",
    )
    read_notifications_s: Annotated[int, Field(ge=0)] = Field(
        default=90 * 86_400,
        description="How long notifications are kept once they are read, in seconds; 0 is for "
        "ever.",
    )
    staging_days: Annotated[int, Field(ge=0)] = Field(
        default=7,
        description="After how many days the store itself expires what was uploaded, where it can: "
        "longer than uploads wait to be published. 0 is never.",
    )
    cold_days: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="After how many days the store moves originals to colder storage; 0 is never.",
    )
    cold_class: str = Field(
        default="STANDARD_IA",
        pattern="^[A-Za-z0-9_-]{1,64}$",
        description="Storage class of those originals; with MinIO the name of a tier. Reading them "
        "must stay possible at once.",
    )
    max_pixels: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(
        default=100_000_000,
        description="Largest picture the worker decodes, in pixels; at most 2147483647. The same "
        "for all processes: the API tells it.",
    )

    @model_validator(mode="after")
    def _publishing_outlives_uploading(self) -> Self:
        if self.publish_ttl_s < self.upload_ttl_s:
            raise ValueError("PICSHARE_PUBLISH_TTL_S must not be below PICSHARE_UPLOAD_TTL_S")
        if 0 < self.staging_days * 86_400 < self.publish_ttl_s + 86_400:
            raise ValueError(
                "PICSHARE_STAGING_DAYS must be a day more than PICSHARE_PUBLISH_TTL_S at least"
            )
        return self
