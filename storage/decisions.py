"""What was decided, by whom and why: only ever added to."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.cases import Decider, LogAction, LogRow, SubjectKind
from storage.database import Writing, columns, fetch
from storage.pages import newest_first, page
from storage.rows import Cursor, Page, PageRequest
from storage.tables import moderation_log

COLUMNS = columns(moderation_log, LogRow)


async def add(
    tx: Writing,
    decider: Decider,
    action: LogAction,
    kind: SubjectKind,
    subject_id: UUID,
    *,
    reason: str = "",
) -> None:
    """Keep a decision, in the transaction that carries it out."""
    await tx.execute(
        insert(moderation_log).values(
            decider=decider.kind,
            decider_id=decider.user_id,
            action=action,
            kind=kind,
            subject_id=subject_id,
            reason=reason,
        )
    )


async def newest(connection: AsyncConnection, request: PageRequest) -> Page[LogRow]:
    """All decisions, the latest first."""
    at, id = moderation_log.c.at, moderation_log.c.id
    rows = await fetch(connection, newest_first(select(*COLUMNS), at, id, request), LogRow)
    return page(request, rows, [Cursor(row.at, row.id) for row in rows])
