"""A client that is stopped: it opens sockets, says so, and waits for its end."""

import socket
import sys
import time

from tests.load.listeners import TEXT, frame, handshake

port, size, query = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
held = []
for number in range(size):
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(handshake(number))
    one.recv(1_000)
    one.sendall(frame(TEXT, b'{"type": "connection_init"}'))
    one.recv(1_000)
    one.sendall(frame(TEXT, query.encode()))
    held.append(one)
print("ready", flush=True)  # noqa: T201 - Whoever started it waits for this.
time.sleep(600)
