"""`picshare schema`: the SDL on standard output."""

import typer

from server.settings import Settings


def run(_settings: Settings) -> None:
    """Print the schema; the same code prints the same text."""
    from server.sdl import printed  # noqa: PLC0415 - Importing it builds the schema.

    typer.echo(printed(), nl=False)
