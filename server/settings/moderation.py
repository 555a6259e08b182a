"""Who decides whether photos go live."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from server.webhooks import signatures, targets


class ModerationSettings(BaseModel):
    """Who decides whether photos go live."""

    moderation_hold: bool = Field(
        default=False,
        description="Hold every photo until a moderator lets it go live; a moderation service "
        "does so by itself.",
    )
    moderation_url: str = Field(
        default="",
        description="Moderation service: a webhook is sent there for every photo, which is held "
        "until there is a verdict. https:// on the public internet. Empty: nobody is asked.",
    )
    moderation_secrets: SecretStr = Field(
        default=SecretStr(""),
        description="Signs those webhooks and their callbacks: whsec_ and 24 to 64 bytes in "
        "Base64. Two of them, with a blank between, while one takes the other's place.",
    )
    moderation_allow_loopback: bool = Field(
        default=False,
        description="Let the moderation service be on this machine (localhost, 127.0.0.1, ::1), "
        "on any port and without TLS.",
    )
    reports_per_hour: Annotated[int, Field(ge=1)] = Field(
        default=60, description="Reports of one user in an hour."
    )

    @property
    def holds_photos(self) -> bool:
        """Whether photos await a verdict before they go live."""
        return self.moderation_hold or bool(self.moderation_url)

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        try:
            keys = signatures.keys(self.moderation_secrets.get_secret_value())
        except signatures.BadSecret as error:
            raise ValueError(f"PICSHARE_MODERATION_SECRETS: {error}") from None
        if not self.moderation_url:
            return self
        try:
            targets.target(self.moderation_url, allow_loopback=self.moderation_allow_loopback)
        except targets.BadTarget as error:
            raise ValueError(f"PICSHARE_MODERATION_URL: {error}") from None
        if not keys:
            raise ValueError("PICSHARE_MODERATION_SECRETS: is needed for PICSHARE_MODERATION_URL")
        return self
