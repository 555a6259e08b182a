"""`picshare migrate`: what must be there before anything can serve or work."""

import asyncio

from server.cli import checks
from server.embedded.processes import CannotStart
from server.settings import Settings


def run(settings: Settings) -> None:
    """Bring the database to the newest schema and see to it that the bucket is there."""
    checks.are_set(settings, *checks.DATABASE, *checks.STORE)
    asyncio.run(checks.reach_all(settings))
    from server import migrations  # noqa: PLC0415 - A fault outside is told before the heavy imports.

    migrations.upgrade(settings.database_url.get_secret_value())
    asyncio.run(_ensure_bucket(settings))


async def _ensure_bucket(settings: Settings) -> None:
    from minio.error import S3Error  # noqa: PLC0415 - As above.

    from server import parts  # noqa: PLC0415
    from storage.objects import StoreUnavailable  # noqa: PLC0415

    try:
        await parts.objects(settings).ensure_bucket()
    except (StoreUnavailable, S3Error) as error:
        refusal = error if isinstance(error, S3Error) else error.__cause__
        if not isinstance(refusal, S3Error):
            raise CannotStart(f"{error} (PICSHARE_S3_ENDPOINT {settings.s3_endpoint})") from error
        raise CannotStart(
            f"the object store at {settings.s3_endpoint} refuses us: {refusal.code} "
            "(PICSHARE_S3_ACCESS_KEY, PICSHARE_S3_SECRET_KEY, PICSHARE_S3_BUCKET)"
        ) from error
