"""Reporting what should not be there."""

from typing import Final

from resolvers.context import Info
from resolvers.ids import as_comment_id, as_photo_id, as_user_id
from resolvers.texts import prose
from schema.nodes import parsed
from schema.reports import ReportInput, ReportPayload
from storage import reports
from storage.refusals import Missing
from storage.reports import Subject

MAX_TEXT: Final = 500


async def report(info: Info, input: ReportInput) -> ReportPayload:
    """Report a photo, a comment or a user to the moderators. Again changes nothing.

    Nobody but them learns of it.
    """
    viewer = info.context.signed_in().user_id
    text = prose(input.text, MAX_TEXT, "input", "text")
    subject = _subject(input)
    async with info.context.database.begin() as tx:
        await reports.add(tx, subject, viewer, input.reason, text)
    return ReportPayload(subject_id=input.subject_id)


def _subject(input: ReportInput) -> Subject:
    id, path = input.subject_id, ("input", "subjectId")
    match parsed(id):
        case "photo", _:
            return Subject(photo_id=as_photo_id(id, *path))
        case "comment", _:
            return Subject(comment_id=as_comment_id(id, *path))
        case "user", _:
            return Subject(user_id=as_user_id(id, *path))
        case _:
            raise Missing("there is no such photo, comment or user", *path)
