"""The database and the object store."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from server.settings import addresses
from server.settings.kinds import Port, WebAddress


class ServiceSettings(BaseModel):
    """The database and the object store."""

    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="PostgreSQL 18+, e.g. postgresql://user:password@host/picshare. "
        "Empty: `picshare dev` starts an embedded one.",
    )
    database_pool_size: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Most connections of one process, and as many again for hot reads."
    )
    database_reads_at_once: Annotated[int, Field(ge=1)] = Field(
        default=4,
        description="Hot reads of one process at the same time, those aside that take longer "
        "than 10 ms. More for a database that is more than a millisecond away.",
    )
    s3_endpoint: WebAddress = Field(
        default="", description="S3 API as the server reaches it. Empty: `picshare dev` embeds one."
    )
    s3_public_endpoint: WebAddress = Field(
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

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr) -> SecretStr:
        address = addresses.parts(value.get_secret_value())
        if address.scheme not in {"", "postgresql", "postgres"}:
            raise ValueError("must begin with postgresql://")
        return value

    @property
    def public_s3_endpoint(self) -> str:
        """The S3 API as clients reach it."""
        return self.s3_public_endpoint or self.s3_endpoint
