"""What people report, and the cases that moderators judge: one open case for each subject."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import comments as comment_rows
from storage import photos as photo_rows
from storage import users as user_rows
from storage.cases import CaseId, CaseKind, CaseOutcome, CaseRow, ReportReason, ReportRow
from storage.database import Writing, columns, fetch, fetch_one, values
from storage.pages import each, newest_first, oldest_first, page, page_of_each
from storage.refusals import Conflict, Missing, NotAllowed
from storage.rows import (
    CommentId,
    CommentRow,
    Cursor,
    Page,
    PageRequest,
    PhotoId,
    PhotoRow,
    UserId,
    UserRow,
)
from storage.tables import cases, comments, photos, reports, users
from storage.visibility import is_here, judged_by

COLUMNS = columns(cases, CaseRow)
REPORT_COLUMNS = columns(reports, ReportRow)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is reported: exactly one of them."""

    photo_id: PhotoId | None = None
    comment_id: CommentId | None = None
    user_id: UserId | None = None

    @property
    def kind(self) -> CaseKind:
        if self.photo_id is not None:
            return CaseKind.PHOTO
        return CaseKind.COMMENT if self.comment_id is not None else CaseKind.USER


async def add(
    tx: Writing, subject: Subject, reporter: UserId, reason: ReportReason, text: str
) -> None:
    """Report something; again by the same reporter changes nothing, also once it was judged.

    Raises Missing for what the reporter may not see, NotAllowed for what is their own.
    """
    if await _owner(tx, subject, reporter) == reporter:
        raise NotAllowed("what is your own cannot be reported", "input", "subjectId")
    id = subject.photo_id or subject.comment_id or subject.user_id
    before = select(reports.c.id).where(
        reports.c.subject_id == id, reports.c.reporter_id == reporter
    )
    if await values(tx, before):
        return
    case = await open_case(tx, subject.kind, subject)
    making = upsert(reports).values(
        case_id=case, subject_id=id, reporter_id=reporter, reason=reason, text=text
    )
    await tx.execute(making.on_conflict_do_nothing(index_elements=["subject_id", "reporter_id"]))


async def open_case(tx: Writing, kind: CaseKind, subject: Subject) -> CaseId:
    """The open case of that subject; it stays open until the transaction ends."""
    opening = upsert(cases).values(
        kind=kind,
        photo_id=subject.photo_id,
        comment_id=subject.comment_id,
        user_id=subject.user_id,
    )
    # Written anew as it is: that answers with the row, and locks it.
    same = opening.on_conflict_do_update(
        index_elements=["subject_id"],
        index_where=cases.c.closed_at.is_(None),
        set_={"kind": cases.c.kind},
    )
    return CaseId((await values(tx, same.returning(cases.c.id)))[0])


async def close(tx: Writing, subject: ColumnElement[bool], outcome: CaseOutcome) -> bool:
    """Close the open case of a subject; False when there is none."""
    closing = update(cases).where(subject, cases.c.closed_at.is_(None))
    closed = closing.values(closed_at=func.now(), outcome=outcome).returning(cases.c.id)
    return bool(await values(tx, closed))


async def require_open(tx: Writing, id: CaseId, outcome: CaseOutcome, *path: str) -> CaseRow:
    """A case, locked, which is open or has ended in that way already.

    Raises Missing for none, Conflict for one that ended otherwise.
    """
    row = await fetch_one(tx, select(*COLUMNS).where(cases.c.id == id).with_for_update(), CaseRow)
    if row is None:
        raise Missing("there is no such case", *path)
    if row.outcome not in {None, outcome}:
        raise Conflict("somebody else has decided otherwise", *path)
    return row


async def by_id(connection: AsyncConnection, id: CaseId) -> CaseRow | None:
    """A case, open or closed."""
    return await fetch_one(connection, select(*COLUMNS).where(cases.c.id == id), CaseRow)


async def queue(
    connection: AsyncConnection, kind: CaseKind | None, request: PageRequest
) -> Page[CaseRow]:
    """The open cases, those first that have waited longest.

    A comment that its author or the photo's owner has deleted meanwhile needs no judge.
    """
    body = select(comments.c.body).where(comments.c.id == cases.c.comment_id).scalar_subquery()
    open_ones = select(*COLUMNS).where(
        cases.c.closed_at.is_(None), or_(cases.c.comment_id.is_(None), body.is_not(None))
    )
    if kind is not None:
        open_ones = open_ones.where(cases.c.kind == kind)
    listed = oldest_first(open_ones, cases.c.opened_at, cases.c.id, request)
    rows = await fetch(connection, listed, CaseRow)
    return page(request, rows, [Cursor(row.opened_at, row.id) for row in rows])


async def latest(
    connection: AsyncConnection, ids: Sequence[CaseId], first: int
) -> dict[CaseId, list[ReportRow]]:
    """Of each case the latest reports; a case without is absent."""
    parents = each(ids)
    of_case = select(*REPORT_COLUMNS).where(reports.c.case_id == parents.c.id)
    some = newest_first(of_case, reports.c.created_at, reports.c.id, PageRequest(first - 1))
    found: dict[CaseId, list[ReportRow]] = {}
    for id, *row in await connection.execute(page_of_each(parents, some)):
        found.setdefault(CaseId(id), []).append(ReportRow(*row))
    return found


async def counts(connection: AsyncConnection, ids: Sequence[CaseId]) -> dict[CaseId, int]:
    """How many reports each case has; a case without is absent."""
    counted = select(reports.c.case_id, func.count()).where(reports.c.case_id.in_(ids))
    return dict((await connection.execute(counted.group_by(reports.c.case_id))).all())


async def judged_photos(
    connection: AsyncConnection, ids: Sequence[PhotoId], judge: UserId
) -> dict[PhotoId, PhotoRow]:
    """The photos among *ids* that a moderator has to judge, or that such a comment is under."""
    under = (
        select(comments.c.id).where(comments.c.photo_id == photos.c.id).correlate_except(comments)
    )
    is_judged = judged_by(
        judge, or_(cases.c.photo_id == photos.c.id, cases.c.comment_id.in_(under))
    )
    seen = select(*photo_rows.COLUMNS).where(
        photos.c.id.in_(ids), is_here(photos.c.owner_id), is_judged
    )
    return {row.id: row for row in await fetch(connection, seen, PhotoRow)}


async def judged_comments(
    connection: AsyncConnection, ids: Sequence[CommentId], judge: UserId
) -> dict[CommentId, CommentRow]:
    """The comments among *ids* that a moderator has to judge."""
    seen = select(*comment_rows.COLUMNS).where(
        comments.c.id.in_(ids),
        is_here(comments.c.author_id),
        judged_by(judge, cases.c.comment_id == comments.c.id),
    )
    return {row.id: row for row in await fetch(connection, seen, CommentRow)}


async def judged_users(
    connection: AsyncConnection, ids: Sequence[UserId], judge: UserId
) -> dict[UserId, UserRow]:
    """The users among *ids* that a moderator has to judge."""
    seen = select(*user_rows.COLUMNS).where(
        users.c.id.in_(ids),
        is_here(users.c.id),
        judged_by(judge, cases.c.user_id == users.c.id),
    )
    return {row.id: row for row in await fetch(connection, seen, UserRow)}


async def _owner(tx: Writing, subject: Subject, viewer: UserId) -> UserId | None:
    path = ("input", "subjectId")
    if subject.photo_id is not None:
        photo = (await photo_rows.by_ids(tx, [subject.photo_id], viewer)).get(subject.photo_id)
        if photo is not None:
            return photo.owner_id
    elif subject.comment_id is not None:
        of_id = await comment_rows.by_ids(tx, [subject.comment_id], viewer)
        comment = of_id.get(subject.comment_id)
        if comment is not None and comment.body is not None:
            return comment.author_id
    elif subject.user_id is not None:
        user = (await user_rows.by_ids(tx, [subject.user_id], viewer)).get(subject.user_id)
        if user is not None:
            return user.id
    raise Missing("there is nothing of that kind that you may see", *path)
