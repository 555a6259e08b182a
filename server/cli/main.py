"""The verbs of `picshare`; each is imported only when it is called, so that --help is quick."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

FAILED = 1
WRONGLY_SET = 2

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
