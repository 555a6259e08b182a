"""What can be set from outside, read once at the start and passed on as values.

Every field is the environment variable `PICSHARE_` + its name in capitals. A secret can
also come from a file: `PICSHARE_SECRET_KEY_FILE=/run/secrets/key` and the like.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PICSHARE_"
MIN_SECRET = 32

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[int, Field(ge=1)]


class SettingsError(Exception):
    """A value cannot be used; the text names its variable and the remedy, a line for each."""


class Settings(BaseSettings):
    """Everything that can be configured, with the defaults of a laptop."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default=Path(".picshare"),
        description="Where the embedded database and object store keep their files.",
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: Port = Field(default=8000, description="Port the API listens on.")
    worker_metrics_port: Port = Field(
        default=0, description="Port of the worker's own /metrics; 0 turns it off."
    )
    processes: Annotated[int, Field(ge=1)] = Field(
        default=1, description="API processes that share the port."
    )
    drain_s: Annotated[int, Field(ge=0)] = Field(
        default=2,
        description="How long a process that was told to end is unready but still answers, in "
        "seconds: what a load balancer needs to notice. `picshare dev` does not wait.",
    )
    worker_concurrency: Annotated[int, Field(ge=1)] = Field(
        default_factory=lambda: os.cpu_count() or 1,
        description="Photos one worker process handles at the same time. Empty: one a core.",
    )

    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="PostgreSQL 18+, e.g. postgresql://user:password@host/picshare. "
        "Empty: `picshare dev` starts an embedded one.",
    )
    database_pool_size: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Most connections of one process."
    )

    s3_endpoint: str = Field(
        default="", description="S3 API as the server reaches it. Empty: `picshare dev` embeds one."
    )
    s3_public_endpoint: str = Field(
        default="", description="S3 API as clients reach it, if that is another address."
    )
    s3_access_key: str = Field(default="", description="Access key id.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Secret access key.")
    s3_bucket: str = Field(
        default="picshare",
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Bucket of all objects; 3 to 63 of a-z, 0-9, dot and hyphen.",
    )
    s3_region: str = Field(default="us-east-1", description="Region that requests are signed for.")
    embedded_s3_port: Port = Field(
        default=9000, description="Port of the embedded object store of `picshare dev`."
    )
    media_url: str = Field(
        default="",
        description="Base of public variant URLs, e.g. a CDN. Empty: the API's own /media.",
    )
    restricted_media_url: str = Field(
        default="",
        description="Base of signed variant URLs. Empty: the API's own /restricted.",
    )
    restricted_media_window_s: Annotated[int, Field(ge=1, le=600)] = Field(
        default=300,
        description="Signed variant URLs stay the same for so many seconds, and work for as many "
        "more; at most 600.",
    )

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

    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console on a terminal, else JSON lines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line that is logged."
    )

    @field_validator("s3_endpoint", "s3_public_endpoint", "media_url", "restricted_media_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        address = _split(value)
        if value and (address.scheme not in {"http", "https"} or not address.hostname):
            raise ValueError("must be an address like https://host:port")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr) -> SecretStr:
        address = _split(value.get_secret_value())
        if address.scheme not in {"", "postgresql", "postgres"}:
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"must have at least {MIN_SECRET} characters")
        return value

    @model_validator(mode="after")
    def _publishing_outlives_uploading(self) -> Self:
        if self.publish_ttl_s < self.upload_ttl_s:
            raise ValueError("PICSHARE_PUBLISH_TTL_S must not be below PICSHARE_UPLOAD_TTL_S")
        return self

    @property
    def public_s3_endpoint(self) -> str:
        """The S3 API as clients reach it."""
        return self.s3_public_endpoint or self.s3_endpoint

    @property
    def public_media_url(self) -> str:
        """The base of public variant URLs, without a slash at the end."""
        return self.media_url or f"{self.api_url}/media"

    @property
    def public_restricted_media_url(self) -> str:
        """The base of signed variant URLs, without a slash at the end."""
        return self.restricted_media_url or f"{self.api_url}/restricted"

    @property
    def api_url(self) -> str:
        """Where a client on this machine reaches the API."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

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


def _split(address: str) -> SplitResult:
    """The parts of an address. Raises ValueError that quotes nothing.

    What urllib says quotes what it takes for a host or a port: perhaps a piece of a password.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ValueError("only an IPv6 address may stand in brackets") from None
    try:
        # A wrong port is noticed when it is asked for.
        _ = parts.port
    except ValueError:
        raise ValueError("Port out of range 0-65535") from None
    return parts


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
