"""How mails leave, and where their links lead."""

from pydantic import BaseModel, Field, SecretStr, field_validator

from server.settings import addresses
from server.settings.kinds import WebAddress


class MailSettings(BaseModel):
    """How mails leave, and where their links lead."""

    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="Server that takes our mails: smtps://user:password@host (TLS), smtp:// "
        "(STARTTLS) or smtp+plain:// (no encryption). Empty: they stay in the folder `mails` of "
        "the data directory.",
    )
    mail_from: str = Field(
        default="PicShare <no-reply@picshare.localhost>",
        pattern=r"^[^\r\n]*@[^\r\n]*$",
        description="Who the mails are from.",
    )
    app_url: WebAddress = Field(
        default="",
        description="Base of links in mails: /verify-email and /reset-password below it get the "
        "code behind #code=. Empty: mails hold the code alone.",
    )
    mail_is_told: bool = Field(
        default=False,
        description="Print a line with the code for each mail that stays in the folder; "
        "`picshare dev` does.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: SecretStr) -> SecretStr:
        address = addresses.parts(value.get_secret_value())
        known = {"smtps", "smtp", "smtp+plain"}
        if value.get_secret_value() and (address.scheme not in known or not address.hostname):
            raise ValueError("must be an address like smtps://user:password@host")
        return value
