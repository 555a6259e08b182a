"""Quotas: how much one may keep, told before it is too much."""

from resolvers.context import Info
from schema.quotas import UploadQuota
from storage import quotas


async def upload_quota(info: Info) -> UploadQuota:
    """How much you may keep and do; `createUpload` refuses with QUOTA_EXCEEDED what is more."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.connect() as connection:
        usage = await quotas.usage(connection, viewer)
    return UploadQuota.of(usage, info.context.rules.quota)
