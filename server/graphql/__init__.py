"""GraphQL over HTTP, from the bytes of a request to the bytes of its answer."""

# The longest WebSocket message; a longer one closes its socket with 1009.
MAX_MESSAGE_BYTES = 64 * 1024
