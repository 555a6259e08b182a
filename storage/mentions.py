"""Who hears of a comment: those whom it answers and those whom it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select

from storage import notifications
from storage.comments import authors_above
from storage.database import Writing, fetch
from storage.rows import CommentRow, NotificationKind, UserId
from storage.tables import blocks, comments, photos, users
from storage.visibility import separates, visible_to


@dataclass(frozen=True, slots=True)
class _Person:
    id: UserId
    username: str
    owns_photo: bool
    # None when nobody is, because the comment is no reply.
    is_answered: bool | None
    may_see: bool


async def tell(tx: Writing, comment: CommentRow, named: Sequence[Sequence[str]]) -> None:
    """Let everybody know whom a new comment concerns and who may see it, each once.

    The author of the parent hears of a reply, else the photo's owner of a comment, else who is
    named of a mention. Each of *named* is one mention: the names it can be read as, and the
    first that somebody has is meant.
    """
    # Only an account that is gone leaves comments without an author.
    assert comment.author_id is not None
    people = await _concerned(tx, comment, {name.lower() for names in named for name in names})
    kinds = _kinds(people, named)
    seeing = [person.id for person in people if person.may_see]
    for kind in dict.fromkeys(kinds.values()):
        recipients = [id for id in seeing if kinds.get(id) is kind]
        await notifications.tell_each(
            tx, recipients, kind, comment.author_id, photo=comment.photo_id, comment=comment.id
        )


def _kinds(
    people: Sequence[_Person], named: Sequence[Sequence[str]]
) -> Mapping[UserId, NotificationKind]:
    ids = {person.username.lower(): person.id for person in people}
    meant = (next((ids[n.lower()] for n in names if n.lower() in ids), None) for names in named)
    kinds = {id: NotificationKind.MENTION for id in meant if id is not None}
    for person in people:
        if person.is_answered:
            kinds[person.id] = NotificationKind.REPLY
        elif person.owns_photo:
            kinds[person.id] = NotificationKind.COMMENT
    return kinds


async def _concerned(tx: Writing, comment: CommentRow, names: set[str]) -> Sequence[_Person]:
    line = authors_above(comments.c.id == comment.id)
    # Whoever a block hides any part of the line from, does not see its end either.
    between = line.join(blocks, separates(users.c.id, line.c.author_id))
    is_cut = exists(select(1).select_from(between))
    parent = select(comments.c.author_id).where(comments.c.id == comment.parent_id)
    owner = select(photos.c.owner_id).where(photos.c.id == comment.photo_id)
    owns_photo = users.c.id == owner.scalar_subquery()
    is_answered = users.c.id == parent.scalar_subquery()
    concerned = (
        select(
            users.c.id,
            users.c.username,
            owns_photo,
            is_answered,
            and_(visible_to(users.c.id), ~is_cut),
        )
        .join(photos, photos.c.id == comment.photo_id)
        .where(or_(func.lower(users.c.username).in_(names), owns_photo, is_answered))
    )
    return await fetch(tx, concerned, _Person)
