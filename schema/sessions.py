"""Sessions as clients see them, and what opens one."""

from datetime import datetime
from typing import Self

import strawberry

from schema.errors import UserError
from schema.nodes import global_id
from schema.pages import PageInfo, connected, in_list
from storage.rows import OpenSessionRow, Page, SessionId, SessionRow, UserId


@strawberry.input(description="A new account.")
class SignUpInput:
    username: str = strawberry.field(
        description='3 to 30 of A-Z, a-z, 0-9, "_" and ".", beginning with a letter or a digit. '
        "Nobody else may have it, in any case."
    )
    email: str = strawberry.field(
        description="An e-mail address without an account. Only its owner ever sees it."
    )
    password: str = strawberry.field(
        description="At least 8 characters, at most 1,024 bytes of UTF-8."
    )
    display_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The name that is shown, at most 50 characters; the username when left out.",
    )

    # Stands in logs and traces without what was typed.
    __repr__ = object.__repr__


@strawberry.input(description="Who wants to come in.")
class LogInInput:
    login: str = strawberry.field(description="Username or email.")
    password: str = strawberry.field(description="The password of that account.")
    refresh_token: str | None = strawberry.field(
        default=None,
        description="A refresh token that this device has held for the account, even one that was "
        "used or ran out: it shows that the device is no stranger, so that strangers who guess "
        "cannot keep you out.",
    )

    __repr__ = object.__repr__


@strawberry.input(description="What carries a session on.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(
        description="The newest refreshToken of the session. Each can be used once; using an old "
        "one again ends the session, unless it is the last step repeated after a lost answer."
    )

    __repr__ = object.__repr__


@strawberry.type(description="Send accessToken as `Authorization: Bearer ...`.")
class Session:
    access_token: str = strawberry.field(
        description="Proves the session with each request. Opaque; clients never parse it."
    )
    access_token_expires_at: datetime = strawberry.field(
        description="From then on the accessToken is refused: refresh the session before."
    )
    refresh_token: str = strawberry.field(
        description="Given to refreshSession for the next pair of tokens. Keep it safe and replace "
        "it with each answer."
    )
    user_id: strawberry.Private[UserId]

    __repr__ = object.__repr__

    @classmethod
    def of(cls, row: SessionRow, access: tuple[str, datetime], refresh_token: str) -> Self:
        access_token, expires_at = access
        return cls(
            access_token=access_token,
            access_token_expires_at=expires_at,
            refresh_token=refresh_token,
            user_id=row.user_id,
        )


@strawberry.type(description="A session, or what stood in the way.")
class SessionPayload:
    session: Session | None = strawberry.field(
        default=None, description="The session; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )


@strawberry.type(description="A session that has not ended: a device that is signed in.")
class OpenSession:
    id: strawberry.ID = strawberry.field(description="For `endSession`.")
    user_agent: str = strawberry.field(
        description="What the device called itself when it was signed in; empty when it did not."
    )
    created_at: datetime = strawberry.field(description="When it was signed in.")
    used_at: datetime = strawberry.field(
        description="When it was used last, to within the life of an access token."
    )
    expires_at: datetime = strawberry.field(description="When it ends unless it is used again.")
    is_current: bool = strawberry.field(description="Whether it is the session that asks.")

    @classmethod
    def of(cls, row: OpenSessionRow, current: SessionId) -> Self:
        return cls(
            id=global_id("session", row.id),
            user_agent=row.user_agent,
            created_at=row.created_at,
            used_at=row.used_at,
            expires_at=row.expires_at,
            is_current=row.id == current,
        )


@in_list
@strawberry.type(description="One entry of a list of sessions.")
class OpenSessionEdge:
    cursor: str = strawberry.field(description="The place of this entry, for `after`.")
    node: OpenSession = strawberry.field(description="The session.")


@strawberry.type(description="A page of sessions.")
class OpenSessionConnection:
    edges: list[OpenSessionEdge] = strawberry.field(
        description="The sessions of this page, in order."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[OpenSessionRow], current: SessionId) -> Self:
        edges, page_info = connected(
            page, "open", OpenSessionEdge, lambda row: OpenSession.of(row, current)
        )
        return cls(edges=edges, page_info=page_info)


@strawberry.type(description="How many sessions were ended, or what stood in the way.")
class EndSessionsPayload:
    ended_count: int | None = strawberry.field(
        default=None, description="How many there were; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )


@strawberry.type(description="What stood in the way of logging out, if anything did.")
class LogOutPayload:
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
