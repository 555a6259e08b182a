"""A MinIO server for the tests, where one was built: `make test-minio`.

It enforces what the embedded store does not: the SHA-256 of what is sent, If-None-Match, lifecycle.
"""

import os
import secrets
from pathlib import Path

from server.embedded.processes import Process, Program, answers_http, await_ready
from server.embedded.sockets import free_port

START_S = 60


def start(binary: Path, directory: Path) -> tuple[Process, str, str, str]:
    """The server, its endpoint, and the two keys to it; all it keeps lies in *directory*."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    access_key, secret_key = secrets.token_hex(8), secrets.token_hex(16)
    process = Process(
        Program(
            name="MinIO",
            command=[
                str(binary),
                "server",
                "--quiet",
                f"--address={endpoint.removeprefix('http://')}",
                f"--console-address=127.0.0.1:{free_port()}",
                str(directory / "objects"),
            ],
            environment={
                "PATH": os.defpath,
                "HOME": str(directory),
                "MINIO_ROOT_USER": access_key,
                "MINIO_ROOT_PASSWORD": secret_key,
                "MINIO_BROWSER": "off",
            },
            log=directory / "log",
            directory=directory,
        )
    )
    await_ready(process, lambda: answers_http(f"{endpoint}/minio/health/ready"), START_S)
    return process, endpoint, access_key, secret_key
