"""How uvicorn is run: the options that every server of ours has."""

import resource
from typing import Any, Final

from server.graphql import MAX_MESSAGE_BYTES
from server.http.connections import Bounds, bounded
from server.http.sockets import SocketConnection
from server.settings import Settings

# Files that are no connections of clients: the database, the store, what is read from disk.
OTHER_FILES: Final = 100


def options(settings: Settings) -> dict[str, Any]:
    """Arguments of `uvicorn.Config`."""
    return {
        "http": bounded(_bounds(settings)),
        "ws": SocketConnection,
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # The application looks for those itself.
        "proxy_headers": False,
        "ws_max_size": MAX_MESSAGE_BYTES,
        # Compressing costs 2 ms a message, for messages of a kilobyte.
        "ws_per_message_deflate": False,
    }


def _bounds(settings: Settings) -> Bounds:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = max(files - OTHER_FILES, OTHER_FILES)
    return Bounds(
        head_timeout_s=settings.head_timeout_s,
        body_timeout_s=settings.body_timeout_s,
        connections=min(settings.max_connections, possible),
    )
