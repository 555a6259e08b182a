"""How people come in, and for how long."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from server.settings.kinds import Seconds

MIN_SECRET = 32


class AccountSettings(BaseModel):
    """How people come in, and for how long."""

    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Signs tokens; at least 32 characters. `picshare dev` makes and keeps one.",
    )
    access_token_ttl_s: Seconds = Field(
        default=900, description="Life of an access token, in seconds."
    )
    refresh_token_ttl_s: Seconds = Field(
        default=30 * 86_400, description="Life of an unused refresh token, in seconds."
    )
    refresh_grace_s: Annotated[int, Field(ge=0)] = Field(
        default=10,
        description="How long the last used refresh token gets the same answer again, in seconds.",
    )

    login_checks_per_account: Annotated[int, Field(ge=1)] = Field(
        default=10,
        description="Wrong passwords that strangers may try on one account in 15 minutes. Devices "
        "and addresses that the account was opened from have their own count.",
    )
    login_checks_per_address: Annotated[int, Field(ge=1)] = Field(
        default=100,
        description="Wrong passwords that one address may try in 15 minutes, on all accounts.",
    )

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"must have at least {MIN_SECRET} characters")
        return value
