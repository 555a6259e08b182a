"""`picshare dev`: the whole system in one go, on one machine."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import typer

import storage
from server.cli import checks
from server.cli.plan import Plan, plan
from server.embedded import leftovers, postgres, store
from server.embedded.processes import CannotStart, Process, Program, answers_http, await_ready
from server.embedded.supervisor import Part, Supervisor
from server.settings import PREFIX, Settings

MIGRATE_TIMEOUT_S = 300.0
START_TIMEOUT_S = 60.0
# Longer than the API and the worker give themselves, so that they are killed only when they hang.
GRACE_S = 30.0
DATABASE_STAGE, STORE_STAGE, FRONT_STAGE, OURS_STAGE = range(4)


def run(settings: Settings) -> None:
    """Return after SIGTERM or Ctrl-C, when every child has ended."""
    data = _made(settings.data_dir)
    notes = data / "processes"
    with _locked(data):
        leftovers.end_all(notes)
        planned = plan(settings.model_copy(update={"data_dir": data}))
        asyncio.run(_reach_given(planned))
        supervisor = Supervisor(notes, typer.echo)
        supervisor.listen()
        try:
            _start(supervisor, planned)
            if not supervisor.is_stopping():
                typer.echo(_welcome(planned))
            supervisor.watch()
        except CannotStart:
            # Ctrl-C in the middle of a start looks like a failure of what was starting.
            if not supervisor.is_stopping():
                raise
        finally:
            typer.echo("Stopping.")
            supervisor.stop()


async def _reach_given(planned: Plan) -> None:
    if planned.cluster is None:
        await checks.reach_database(planned.settings)
    if planned.objects is None:
        await checks.reach_store(planned.settings)


def _start(supervisor: Supervisor, planned: Plan) -> None:
    if planned.cluster is not None:
        start_database = partial(postgres.start, planned.cluster)
        supervisor.start(Part("PostgreSQL", DATABASE_STAGE, start_database))
    if planned.objects is not None:
        supervisor.start(
            Part("The object store", STORE_STAGE, partial(store.start, planned.objects))
        )
        supervisor.start(
            Part("The store's address", FRONT_STAGE, partial(store.start_front, planned.objects))
        )
    if not _is_migrated(planned):
        supervisor.run(_verb("migrate", planned.settings), MIGRATE_TIMEOUT_S)
    supervisor.start(Part("The API", OURS_STAGE, partial(_start_api, supervisor, planned.settings)))
    work = partial(Process, _verb("work", planned.settings))
    supervisor.start(Part("The worker", OURS_STAGE, work))


def _is_migrated(planned: Plan) -> bool:
    """Whether nothing is left to migrate; known without loading what migrates, which is slow."""
    if planned.cluster is None or planned.objects is None:
        return False
    found = "select 1 from pg_tables where schemaname = 'public' and tablename = 'alembic_version'"
    if not postgres.ask(planned.cluster, found):
        return False
    steps = Path(storage.__file__).with_name("migrations").glob("versions/[0-9]*.py")
    newest = max(step.name.partition("_")[0] for step in steps)
    return postgres.ask(planned.cluster, "select version_num from public.alembic_version") == newest


def _start_api(supervisor: Supervisor, settings: Settings) -> Process:
    process = Process(_verb("serve", settings))
    url = f"{settings.api_url}/livez"
    await_ready(process, lambda: supervisor.is_stopping() or answers_http(url), START_TIMEOUT_S)
    return process


def _verb(name: str, settings: Settings) -> Program:
    secrets_from_files = {f"{PREFIX}{field.upper()}_FILE" for field in Settings.model_fields}
    own = {key: value for key, value in os.environ.items() if key not in secrets_from_files}
    return Program(
        name=f"picshare {name}",
        # -P: a folder called `server` where we happen to be started is not ours.
        command=[sys.executable, "-P", "-m", "server.cli", name],
        environment=own | settings.environment(),
        grace_s=GRACE_S,
    )


def _welcome(planned: Plan) -> str:
    settings = planned.settings
    lines = ["PicShare is running; Ctrl-C stops it."]
    lines.append(f"  GraphiQL  {settings.api_url}/graphql  (in a browser)")
    lines.append(f"  API       {settings.api_url}/graphql  (POST)")
    lines.append(f"  Objects   {settings.public_s3_endpoint}")
    if planned.cluster is not None:
        lines.append(f"  Database  {settings.database_url.get_secret_value()}")
    lines.append(f"  Data      {settings.data_dir}  (logs in {settings.data_dir / 'logs'})")
    return "\n".join(lines)


def _made(directory: Path) -> Path:
    directory = directory.expanduser().resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{directory}: {error.strerror} (PICSHARE_DATA_DIR)") from error
    return directory


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Nobody else runs on *directory* meanwhile; the lock ends with us, however we end."""
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"another `picshare dev` (process {file.read().strip()}) uses {directory}; "
                "set PICSHARE_DATA_DIR to another directory"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
