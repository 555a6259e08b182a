"""What is looked at before a verb begins, so that a fault outside is one clear line."""

import asyncio
import socket
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from server.embedded.processes import CannotStart
from server.settings import PREFIX, Settings, SettingsError

TIMEOUT_S = 5.0

DATABASE = ("database_url",)
STORE = ("s3_endpoint", "s3_access_key", "s3_secret_key")


def are_set(settings: Settings, *names: str) -> None:
    """Raises SettingsError with a line for each of *names* that is empty."""
    missing = [name for name in names if not text(getattr(settings, name))]
    if missing:
        raise SettingsError(
            "\n".join(
                f"{PREFIX}{name.upper()}: must be set (`picshare dev` brings its own)"
                for name in missing
            )
        )


async def reach_all(settings: Settings) -> None:
    """Raises CannotStart unless both the database and the store can be reached."""
    await reach_database(settings)
    await reach_store(settings)


async def reach_database(settings: Settings) -> None:
    """Raises CannotStart unless the database accepts us."""
    import asyncpg  # noqa: PLC0415 - `dev` uses this module too and never connects.

    url = settings.database_url.get_secret_value()
    try:
        connection = await asyncpg.connect(url, timeout=TIMEOUT_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotStart(
            f"the database at {_place(url)} cannot be used: {_reason(error)} "
            "(PICSHARE_DATABASE_URL)"
        ) from error
    await connection.close()


async def reach_store(settings: Settings) -> None:
    """Raises CannotStart unless something listens at the store's address."""
    address = urlsplit(settings.s3_endpoint)
    port = address.port or {"http": 80, "https": 443}[address.scheme]
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, writer = await asyncio.open_connection(address.hostname, port)
    except OSError as error:
        raise CannotStart(
            f"the object store at {settings.s3_endpoint} cannot be reached: {_reason(error)} "
            "(PICSHARE_S3_ENDPOINT)"
        ) from error
    writer.close()


def _place(url: str) -> str:
    """The address without the password."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{parts.path}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "nobody listens there"
    if isinstance(error, FileNotFoundError):
        return "no such socket"
    return " ".join(str(error).split())


def text(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
