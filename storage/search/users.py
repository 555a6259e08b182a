"""People by username and name."""

from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import columns
from storage.pages import page
from storage.rows import Page, Place, ScoredRequest, UserId, UserRow
from storage.tables import users
from storage.visibility import user_visible_to

COLUMNS = columns(users, UserRow)

# Names of fewer letters have too little in them to be like others.
LEAST_ALIKE: Final = 3
# With fewer people than this, names spelled alike count as well.
ENOUGH: Final = 20


async def matching(
    connection: AsyncConnection, typed: str, request: ScoredRequest, viewer: UserId | None
) -> Page[UserRow]:
    """Those whose usernames begin so, then whose names do, then whose names are spelled alike.

    Of several the one with the whole word comes first, then the shorter name, then who joined
    last. A text without letters and digits finds nobody.
    """
    folded = func.folded(literal(typed, Text))
    beginning = _beginning(folded, viewer).cte("beginning")
    found = select(beginning).union_all(_alike(folded, beginning, viewer)).subquery("found")
    statement = select(*(found.c[column.name] for column in COLUMNS), found.c.score)
    order = (found.c.score, found.c.created_at, found.c.id)
    if request.after is not None:
        statement = statement.where(tuple_(*order) < _keyset(request.after))
    answer = [
        (UserRow(*row), score)
        for *row, score in await connection.execute(
            statement.order_by(*(part.desc() for part in order)).limit(request.first + 1)
        )
    ]
    places = [Place(row.created_at, row.id, score) for row, score in answer]
    return page(request, [row for row, _ in answer], places)


def _beginning(folded: ColumnElement[str], viewer: UserId | None) -> Select[Any]:
    place = case((_begins(folded, " "), 3.0), else_=2.0)
    is_whole = case(((users.c.names + " ").like("% " + folded + " %"), 0.5), else_=0.0)
    score = cast(place + is_whole + 1.0 / func.length(users.c.names), Float)
    return select(*COLUMNS, score.label("score")).where(
        _begins(folded, "% "), folded != "", user_visible_to(viewer)
    )


def _alike(folded: ColumnElement[str], beginning: CTE, viewer: UserId | None) -> Select[Any]:
    are_few = select(func.count()).select_from(beginning).scalar_subquery() < ENOUGH
    ids = func.users_alike(folded).table_valued("id", name="alike").render_derived()
    score = cast(func.word_similarity(folded, users.c.names), Float)
    return (
        select(*COLUMNS, score.label("score"))
        .join(ids, ids.c.id == users.c.id)
        .where(
            are_few,
            func.length(folded) >= LEAST_ALIKE,
            ~_begins(folded, "% "),
            user_visible_to(viewer),
        )
    )


def _begins(folded: ColumnElement[str], where: str) -> ColumnElement[bool]:
    # Nothing but letters, digits and blanks is left in it: no wildcards.
    return users.c.names.like(literal(where, Text) + folded + "%")


def _keyset(after: Place) -> ColumnElement[Any]:
    return tuple_(
        literal(after.score, Float),
        literal(after.created_at, users.c.created_at.type),
        literal(after.id, users.c.id.type),
    )
