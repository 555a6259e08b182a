"""Accounts: another name, all data in one file, and the end."""

from typing import Final

import strawberry

from resolvers import credentials, proofs
from resolvers.context import Info
from schema.accounts import (
    ChangeUsernameInput,
    DataExport,
    DataExportPayload,
    DeleteAccountInput,
)
from schema.deletions import DeletePayload
from schema.enums import PhotoStatus
from schema.nodes import global_id
from schema.users import User, UserPayload
from storage import accounts, departures, exports

EXPORT_NAME: Final = "picshare-export.zip"


async def change_username(info: Info, input: ChangeUsernameInput) -> UserPayload:
    """Go by another name. Links and mentions with the old one lead nowhere from then on."""
    viewer = info.context.signed_in().user_id
    username = credentials.username(input.username)
    async with info.context.database.begin() as tx:
        row = await accounts.rename(tx, viewer, username)
    return UserPayload(user=User.of(row))


async def delete(info: Info, input: DeleteAccountInput) -> DeletePayload:
    """Delete your account with everything in it, for good; every session ends.

    It is gone for others at once. The files, and what others count of you, follow within
    seconds where the account is small; comments that have replies leave an empty place.
    """
    context, session = info.context, info.context.signed_in()
    typed = credentials.password(input.password)
    known = await proofs.again(context, session, typed, "input", "password")
    async with context.database.begin() as tx:
        await departures.begin(tx, known)
    context.parts.callers.forget(session)
    context.act_as(None)
    return DeletePayload(deleted_id=global_id("user", session.user_id))


async def request_export(info: Info) -> DataExportPayload:
    """Have all your data put into one file; poll `dataExport` for it.

    While one is being made, asking again changes nothing; later it makes a new one.
    """
    viewer = info.context.signed_in().user_id
    async with info.context.database.begin() as tx:
        row = await exports.request(tx, viewer)
    return DataExportPayload(data_export=DataExport.of(row))


async def data_export(info: Info) -> DataExport | None:
    """The latest export of your data; null when there is none. Needs a session."""
    viewer = info.context.signed_in().user_id
    async with info.context.database.connect() as connection:
        row = (await exports.of_users(connection, [viewer])).get(viewer)
    return DataExport.of(row) if row else None


async def export_url(export: strawberry.Parent[DataExport], info: Info) -> str | None:
    """A short-lived download link to the file, for you alone; null until READY."""
    if export.status is not PhotoStatus.READY:
        return None
    return info.context.objects.presigned_get(
        exports.key(export.row.token),
        info.context.rules.original_url_ttl,
        filename=EXPORT_NAME,
        content_type=exports.CONTENT_TYPE,
    )
