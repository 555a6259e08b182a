"""What can be set from outside, read once at the start and passed on as values.

Every field is the environment variable `PICSHARE_` + its name in capitals. A secret can
also come from a file: `PICSHARE_SECRET_KEY_FILE=/run/secrets/key` and the like.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.settings.accounts import AccountSettings
from server.settings.edge import EdgeSettings
from server.settings.limits import LimitSettings
from server.settings.mail import MailSettings
from server.settings.media import MediaSettings
from server.settings.moderation import ModerationSettings
from server.settings.process import ProcessSettings
from server.settings.services import ServiceSettings

PREFIX = "PICSHARE_"


class SettingsError(Exception):
    """A value cannot be used; the text names its variable and the remedy, a line for each."""


# The last base comes first in the table.
class Settings(
    EdgeSettings,
    LimitSettings,
    MediaSettings,
    ModerationSettings,
    MailSettings,
    AccountSettings,
    ServiceSettings,
    ProcessSettings,
    BaseSettings,
):
    """Everything that can be configured, with the defaults of a laptop."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    @property
    def public_media_url(self) -> str:
        """The base of public variant URLs, without a slash at the end."""
        return self.media_url or f"{self.api_url}/media"

    @property
    def public_restricted_media_url(self) -> str:
        """The base of signed variant URLs, without a slash at the end."""
        return self.restricted_media_url or f"{self.api_url}/restricted"

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            PREFIX + name.upper(): value.get_secret_value()
            if isinstance(value, SecretStr)
            else str(value)
            for name, value in values.items()
        }


def load() -> Settings:
    """The settings of this process.

    Raises SettingsError with one line for each variable that is wrong.
    """
    try:
        return Settings(**_secrets_from_files())
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error))) from error


def _secrets_from_files() -> dict[str, Any]:
    found = {}
    for name, field in Settings.model_fields.items():
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path is None or field.annotation is not SecretStr:
            continue
        try:
            found[name] = SecretStr(Path(path).read_text("utf-8").strip())
        except OSError as error:
            raise SettingsError(f"{PREFIX}{name.upper()}_FILE: {error.strerror}: {path}") from error
        except UnicodeDecodeError:
            message = f"{PREFIX}{name.upper()}_FILE: is no text in UTF-8: {path}"
            raise SettingsError(message) from None
    return found


def _explain(error: ValidationError) -> list[str]:
    return [
        f"{PREFIX}{str(entry['loc'][0]).upper()}: {entry['msg'].removeprefix('Value error, ')}"
        if entry["loc"]
        else entry["msg"].removeprefix("Value error, ")
        for entry in error.errors()
    ]


def table() -> str:
    """Every setting as a Markdown table: variable, default, meaning."""
    rows = [_described(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _described(name: str, field: FieldInfo) -> str:
    star = "*" if field.annotation is SecretStr else ""
    default = "" if field.default_factory else field.default
    shown = default.get_secret_value() if isinstance(default, SecretStr) else str(default)
    meant = (field.description or "").replace("|", "\\|")
    return f"| `{PREFIX}{name.upper()}`{star} | {f'`{shown}`' if shown else ''} | {meant} |"
