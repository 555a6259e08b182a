"""What strangers are held to: connections, origins and rates."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from server.settings import addresses

Most = Annotated[int, Field(ge=1)]
Timeout = Annotated[float, Field(gt=0, le=3_600)]


class EdgeSettings(BaseModel):
    """What strangers are held to: connections, origins and rates."""

    allowed_origins: str = Field(
        default="*",
        description="Origins whose pages may read answers and open WebSockets, separated by "
        "commas, e.g. https://photos.example. Tokens travel in a header, so * is safe.",
    )
    get_queries: Literal["allow", "guarded", "off"] = Field(
        default="allow",
        description="Queries by GET. guarded: only with the header GraphQL-Require-Preflight, "
        "which a page of another origin cannot send without being asked about first.",
    )
    graphql_over_http: Literal["audited", "september-2026"] = Field(
        default="audited",
        description="Edition of GraphQL over HTTP that statuses follow. september-2026: 422 for "
        "what cannot be executed, 294 for data with errors; see docs/clients.md.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Addresses and networks of proxies, separated by commas: who is told by their "
        "X-Forwarded-For is believed. Empty: nobody.",
    )
    max_connections: Most = Field(
        default=10_000,
        description="Most open connections of one process. The next takes the place of one that "
        "has asked nothing yet; where there is none it gets 503.",
    )
    max_running: Most = Field(
        default=64,
        description="Most queries that one process executes at a time, and as many mutations; the "
        "rest gets 503 at once instead of waiting in a queue without end.",
    )
    head_timeout_s: Timeout = Field(
        default=10.0, description="How long the head of a request may take, in seconds."
    )
    body_timeout_s: Timeout = Field(
        default=12.0, description="How long the body of a request may take, in seconds."
    )
    max_sockets_per_user: Most = Field(
        default=20, description="Most WebSockets of one user in one process."
    )
    max_sockets_per_address: Most = Field(
        default=200, description="Most WebSockets of one address in one process."
    )
    max_operations_per_socket: Most = Field(
        default=100, description="Most operations of one WebSocket at a time."
    )
    socket_messages_per_s: Most = Field(
        default=100,
        description="Most messages a second that a WebSocket may send for long; a burst may be "
        "five times as many.",
    )
    rate_store: Literal["auto", "off", "memory", "postgres", "redis"] = Field(
        default="auto",
        description="Where the rate limits count. memory: each process for itself; auto: redis "
        "when PICSHARE_REDIS_URL is set, else postgres; off: nothing is limited.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis 7+ for the rate limits, e.g. redis://host:6379/0; needs the extra "
        "`redis`.",
    )
    rate_points_per_minute: Most = Field(
        default=60_000,
        description="Points that a user, or an address of guests, regains in a minute; an "
        "operation takes as many as its cost.",
    )
    rate_burst_points: Most = Field(
        default=60_000, description="Points that can be spent at once; also what one starts with."
    )
    log_ins_per_hour: Most = Field(
        default=300, description="Calls of logIn from one address in an hour, and at once."
    )
    sign_ups_per_hour: Most = Field(
        default=100, description="Calls of signUp from one address in an hour, and at once."
    )
    uploads_per_hour: Most = Field(
        default=3_000, description="Calls of createUpload by one user in an hour, and at once."
    )

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr) -> SecretStr:
        address = addresses.parts(value.get_secret_value())
        if address.scheme not in {"", "redis", "rediss", "unix"}:
            raise ValueError("must begin with redis:// or rediss://")
        return value

    @property
    def origins(self) -> list[str]:
        """The origins that are allowed; ["*"] for all."""
        return [each.strip() for each in self.allowed_origins.split(",") if each.strip()]
