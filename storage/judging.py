"""How moderators end cases."""

from sqlalchemy import select

from storage import accounts, decisions, moderation, reports, suspensions
from storage import comments as comment_rows
from storage.cases import (
    CaseId,
    CaseKind,
    CaseOutcome,
    CaseRow,
    Decider,
    LogAction,
    SubjectKind,
    Verdict,
)
from storage.database import Writing, fetch_one, values
from storage.photos import COLUMNS
from storage.refusals import Conflict, Missing, NotAllowed
from storage.rows import CommentId, CommentRow, PhotoFailureCode, PhotoId, PhotoRow, PhotoStatus
from storage.tables import cases, comments, photos

KINDS = {
    CaseKind.HELD_PHOTO: SubjectKind.PHOTO,
    CaseKind.PHOTO: SubjectKind.PHOTO,
    CaseKind.COMMENT: SubjectKind.COMMENT,
    CaseKind.USER: SubjectKind.USER,
}


async def judge_photo(
    tx: Writing, id: PhotoId, verdict: Verdict, decider: Decider, reason: str
) -> PhotoRow:
    """The photo as the verdict leaves it; the same verdict again changes nothing.

    Raises Missing for no photo, Conflict for one that is neither held nor live.
    """
    if not await moderation.decide(tx, id, verdict, decider, reason):
        if verdict is Verdict.REJECT:
            await moderation.take_down(tx, id, decider, reason)
        else:
            await _keep(tx, id, decider, reason)
    row = await fetch_one(tx, select(*COLUMNS).where(photos.c.id == id), PhotoRow)
    if row is None:
        raise Missing("there is no such photo", "input", "id")
    if not _is_as(row, verdict):
        raise Conflict("the photo is neither held nor live", "input", "id")
    return row


async def resolve(
    tx: Writing, id: CaseId, outcome: CaseOutcome, decider: Decider, note: str
) -> CaseRow:
    """The case, ended that way; the same again changes nothing.

    Raises Missing for no case, Conflict for one that ended otherwise, and NotAllowed for a held
    photo, which needs a verdict, and for what does not go with its kind.
    """
    path = ("input", "caseId")
    case = await _locked(tx, id, outcome)
    if case.kind is CaseKind.HELD_PHOTO:
        raise NotAllowed("a held photo needs a verdict: use moderatePhoto", *path)
    if case.outcome is not None:
        return case
    subject = case.photo_id or case.comment_id or case.user_id
    if subject is None:
        raise Missing("there is no such case", *path)
    _require_fitting(case.kind, outcome, *path)
    if outcome is CaseOutcome.DISMISSED:
        await decisions.add(
            tx, decider, LogAction.DISMISSED, KINDS[case.kind], subject, reason=note
        )
    elif case.photo_id is not None:
        await moderation.take_down(tx, case.photo_id, decider, note)
    elif case.user_id is not None:
        await suspensions.suspend(tx, case.user_id, decider, note, *path)
    else:
        await _remove_comment(tx, CommentId(subject))
        action = LogAction.COMMENT_REMOVED
        await decisions.add(tx, decider, action, SubjectKind.COMMENT, subject, reason=note)
    await reports.close(tx, cases.c.id == id, outcome)
    # A comment without replies is gone with its case.
    ended = await reports.by_id(tx, id)
    return ended or case


async def _locked(tx: Writing, id: CaseId, outcome: CaseOutcome) -> CaseRow:
    """The case, and before it what it is about, in the order that everybody follows."""
    path = ("input", "caseId")
    case = await reports.by_id(tx, id)
    if case is None:
        raise Missing("there is no such case", *path)
    about = photos.c.id == case.photo_id
    if case.comment_id is not None:
        of_comment = select(comments.c.photo_id).where(comments.c.id == case.comment_id)
        about = photos.c.id == of_comment.scalar_subquery()
    await values(tx, select(photos.c.id).where(about).with_for_update(key_share=True))
    if case.user_id is not None and outcome is CaseOutcome.SUSPENDED:
        await accounts.lock(tx, case.user_id)
    return await reports.require_open(tx, id, outcome, *path)


def _require_fitting(kind: CaseKind, outcome: CaseOutcome, *path: str) -> None:
    if outcome is CaseOutcome.REMOVED and kind is CaseKind.USER:
        raise NotAllowed("an account is not removed; it can be suspended", *path)
    if outcome is CaseOutcome.SUSPENDED and kind is not CaseKind.USER:
        raise NotAllowed("only a user is suspended", *path)


async def _remove_comment(tx: Writing, id: CommentId) -> None:
    kept = select(*comment_rows.COLUMNS).where(comments.c.id == id, comments.c.body.is_not(None))
    row = await fetch_one(tx, kept, CommentRow)
    if row is not None:
        await comment_rows.take_away(tx, row)


async def _keep(tx: Writing, id: PhotoId, decider: Decider, reason: str) -> None:
    """Close the case of a photo that may stay as it is."""
    live = photos.c.id == id, photos.c.status == PhotoStatus.READY
    if not await values(tx, select(photos.c.id).where(*live).with_for_update(key_share=True)):
        return
    if await reports.close(tx, cases.c.photo_id == id, CaseOutcome.DISMISSED):
        await decisions.add(tx, decider, LogAction.ALLOWED, SubjectKind.PHOTO, id, reason=reason)


def _is_as(row: PhotoRow, verdict: Verdict) -> bool:
    if verdict is Verdict.ALLOW:
        return row.status is PhotoStatus.READY
    return row.failure_code is PhotoFailureCode.REJECTED_BY_MODERATION
