"""`picshare settings`: what can be set, as the README lists it."""

import typer

from server.settings import Settings, table


def run(_settings: Settings) -> None:
    """Print a Markdown table of every variable."""
    typer.echo(table())
