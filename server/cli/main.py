"""The verbs of `picshare`; each is imported only when it is called, so that --help is quick."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

FAILED = 1
WRONGLY_SET = 2
SERVER = "Address of the server; that of the settings when left out."

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
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare rows with objects, both ways; exit code 1 when something is missing or left over."""
    call("audit", user=user, grace_s=grace_s, as_json=as_json)


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
