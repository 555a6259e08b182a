"""The verbs of `picshare`; each is imported only when it is called, so that --help is quick."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

FAILED = 1
WRONGLY_SET = 2
SERVER = "Address of the server; that of the settings when left out."

Size = Literal["THUMB", "MEDIUM", "FULL"]
DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Action = Literal["list", "add", "remove"]
SuspensionsAction = Literal["list", "add", "lift"]
JobsAction = Literal["list", "retry"]
Visibility = Literal["PUBLIC", "FOLLOWERS", "PRIVATE"]

app = typer.Typer(
    name="picshare",
    help="A photo-sharing backend as a GraphQL API. Settings are environment variables PICSHARE_*.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def dev() -> None:
    """Start everything: database, object store, API and worker. Ctrl-C stops it."""
    call("dev")


@app.command()
def serve() -> None:
    """Serve the API until SIGTERM or Ctrl-C."""
    call("serve")


@app.command()
def work() -> None:
    """Make the variants of uploaded photos until SIGTERM or Ctrl-C."""
    call("work")


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema and make the bucket if it is missing."""
    call("migrate")


@app.command()
def schema() -> None:
    """Print the schema of the API in GraphQL's schema language."""
    call("schema")


@app.command()
def settings() -> None:
    """Print every setting with its default and meaning."""
    call("settings")


@app.command()
def counters(
    *, repair: Annotated[bool, typer.Option(help="Count wrong ones anew.")] = False
) -> None:
    """Compare every kept count with what it counts; exit code 1 when one is wrong."""
    call("counters", repair=repair)


@app.command()
def audit(
    user: str = typer.Option("", metavar="ID", help="Find what is left of this user, too."),
    grace_s: int = typer.Option(
        1800, min=0, help="Objects younger than this may lack their rows, in seconds."
    ),
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every original and compare its hash.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare rows with objects, both ways; exit code 1 when something is missing or left over."""
    call("audit", user=user, grace_s=grace_s, verify=verify, as_json=as_json)


@app.command()
def sweep(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="However many originals have no rows.")
    ] = False,
) -> None:
    """Remove rows that lead nowhere and objects of no row; workers do so by themselves.

    Exit code 1 when originals without rows were left alone because there are too many.
    """
    call("sweep", dry_run=dry_run, force=force)


@app.command()
def lifecycle() -> None:
    """Have the store expire staging and move originals to colder storage, as the settings say.

    Exit code 1 when the store cannot keep the originals so.
    """
    call("lifecycle")


@app.command()
def regenerate(
    only: Annotated[Size | None, typer.Option(help="One size; the others are kept.")] = None,
    photo: str = typer.Option("", metavar="ID", help="One photo, by its id in the API."),
    since: Annotated[
        datetime | None, typer.Option(formats=DATES, help="Photos published since then, in UTC.")
    ] = None,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take up no more photos.")] = False,
) -> None:
    """Have workers make variants anew, in the background; called again, it shows how far that is.

    Exit code 1 when some could not be made; those photos keep what they have. Avatars stay as
    they are: users choose them anew, and old ones remain right.
    """
    call("regenerate", only=only, photo=photo, since=since, detach=detach, cancel=cancel)


@app.command()
def jobs(
    action: Annotated[JobsAction, typer.Argument(help="What to do.")] = "list",
    which: Annotated[
        str, typer.Argument(metavar="[ID]", help="What to retry: a job, a photo, or all.")
    ] = "",
) -> None:
    """List the jobs that wait and those that were given up, or have those tried again.

    Exit code 1 when some are given up, or when there was nothing to retry under that id.
    """
    call("jobs", action=action, which=which)


@app.command()
def moderators(
    action: Annotated[Action, typer.Argument(help="What to do.")] = "list",
    username: Annotated[str, typer.Argument(help="Whom it is about.")] = "",
) -> None:
    """Make somebody a moderator (add), or one no longer (remove), or list them all."""
    call("moderators", action=action, username=username)


@app.command()
def suspensions(
    action: Annotated[SuspensionsAction, typer.Argument(help="What to do.")] = "list",
    username: Annotated[str, typer.Argument(help="Whom it is about.")] = "",
    reason: Annotated[str, typer.Option(help="Why; who is suspended reads it.")] = "",
) -> None:
    """Keep somebody out (add), or let them in again (lift), or list who is kept out."""
    call("suspensions", action=action, username=username, reason=reason)


@app.command()
def held(
    *,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask the service anew where it was given up.")
    ] = False,
) -> None:
    """List the photos that await a verdict; exit code 1 when the service was given up for some."""
    call("held", ask_again=ask_again)


@app.command()
def decisions(
    most: int = typer.Option(100, min=1, max=10_000, help="How many at most."),
) -> None:
    """Print what was decided about photos, comments and users, the latest first."""
    call("decisions", most=most)


@app.command()
def demo(
    url: str = typer.Option("", help=SERVER),
    password: str = typer.Option("", help="Of everyone in the demo, instead of the usual one."),
    photos: int = typer.Option(12, min=1, max=12, help="How many pictures to make."),
    width: int = typer.Option(2400, min=320, max=4000, help="Longer side of the largest, pixels."),
) -> None:
    """Fill a running server with a few people and their pictures, and show a feed."""
    call("demo", url=url, password=password, photos=photos, width=width)


@app.command("import")
def import_(
    directory: Path = typer.Argument(help="A folder of pictures.", exists=True, file_okay=False),
    *,
    url: str = typer.Option("", help=SERVER),
    login: str = typer.Option(..., prompt="Username", help="Whose photos they become."),
    password: str = typer.Option(
        ..., prompt=True, hide_input=True, envvar="PICSHARE_IMPORT_PASSWORD", help="Of that user."
    ),
    sign_up: str = typer.Option(
        "", metavar="EMAIL", help="Make the account first, with this address."
    ),
    visibility: Visibility = typer.Option("PUBLIC", help="Who may see the photos."),
    jobs: int = typer.Option(4, min=1, max=32, help="Files to send at the same time."),
    recursive: Annotated[bool, typer.Option(help="Folders in the folder too.")] = True,
) -> None:
    """Upload a folder of pictures. Run again, it goes on where it stopped."""
    call(
        "imports",
        directory=directory,
        url=url,
        login=login,
        password=password,
        sign_up=sign_up,
        visibility=visibility,
        jobs=jobs,
        recursive=recursive,
    )


def call(verb: str, **arguments: Any) -> None:
    """Run the verb's module; a foreseen failure is one line on stderr and an exit code."""
    from server import settings  # noqa: PLC0415 - See the top of this file.
    from server.embedded.processes import CannotStart  # noqa: PLC0415

    run: Callable[..., None] = import_module(f"server.cli.{verb}").run
    try:
        run(settings.load(), **arguments)
    except settings.SettingsError as error:
        _fail(str(error), WRONGLY_SET)
    except CannotStart as error:
        _fail(str(error), FAILED)


def _fail(message: str, code: int) -> None:
    for line in message.splitlines():
        typer.echo(f"picshare: {line}", err=True)
    raise typer.Exit(code)
