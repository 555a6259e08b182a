"""`picshare lifecycle`: has the store itself expire staging and move originals elsewhere."""

import asyncio

import typer
from minio.error import S3Error

from server import parts
from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings
from storage.lifecycle import ORIGINALS, NotSupported
from storage.objects import StoreUnavailable

UNSUPPORTED = (
    "workers expire staging by themselves (`picshare sweep`), originals stay where they are"
)


def run(settings: Settings) -> None:
    """Print what became of each rule; exit code 1 when the store refuses one that was set."""
    checks.are_set(settings, *checks.STORE)
    asyncio.run(checks.reach_store(settings))
    if not asyncio.run(applied(settings)):
        raise typer.Exit(1)


async def applied(settings: Settings) -> bool:
    """Whether the store keeps all that is wished for and that nobody else does."""
    wishes = parts.wishes(settings)
    try:
        rules = await parts.lifecycle(settings).apply(wishes)
    except NotSupported as error:
        typer.echo(f"{error}: {UNSUPPORTED}")
        return not wishes.cold_days
    except (StoreUnavailable, S3Error) as error:
        raise CannotStart(f"the rules of the bucket cannot be set: {error}") from error
    for rule in rules:
        typer.echo(f"{rule.wish}: {f'refused, {rule.refusal}' if rule.refusal else 'kept'}")
    if not rules:
        typer.echo("no rules are wished for, and none of ours is kept")
    return not any(rule.refusal for rule in rules if rule.name == ORIGINALS)
