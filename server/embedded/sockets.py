"""Places for Unix sockets and TCP ports."""

import errno
import hashlib
import os
import pwd
import socket
import stat
import tempfile
from contextlib import closing
from pathlib import Path

from server.embedded.processes import CannotStart

# macOS takes 104 bytes with the closing NUL, Linux 108; the longest name here has 14.
MAX_DIRECTORY_BYTES = 103 - len("/.s.PGSQL.5432")


def directory_for(data: Path) -> Path:
    """Where sockets of *data* belong: beside it, or elsewhere when that path is too long."""
    beside = data.with_name(f"{data.name}-socket")
    if len(os.fsencode(beside)) <= MAX_DIRECTORY_BYTES:
        return beside
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"picshare-{name}"


def own(directory: Path, account: pwd.struct_passwd | None = None) -> None:
    """Make *directory*, if need be, one that only *account* (or we) and root can enter."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = directory.lstat()
    owners = {os.geteuid(), account.pw_uid if account else os.geteuid()}
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in owners:
        raise CannotStart(f"{directory} belongs to someone else")
    directory.chmod(0o700)
    if account is not None:
        os.chown(directory, account.pw_uid, account.pw_gid)


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment."""
    with closing(bound(host, 0, "")) as found:
        port: int = found.getsockname()[1]
        return port


def bound(host: str, port: int, variable: str) -> socket.socket:
    """A socket of that address, not listening yet. Raises CannotStart, naming the setting."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        # As all servers do: a port whose last connections are still closing is free.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise CannotStart(_explain(error, host, port, variable)) from error
    return found


def _explain(error: OSError, host: str, port: int, variable: str) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; set PICSHARE_HOST to one"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; set {variable} to another"
    reason = (error.strerror or str(error)).lower()
    return f"port {port} on {host} cannot be used ({reason}); set {variable} to another"
