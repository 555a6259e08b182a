"""The account as only its user sees it: its address, and what changes it or the password."""

from datetime import datetime
from typing import Self

import strawberry

from schema.errors import UserError
from storage.rows import AccountRow


@strawberry.input(description="Another password for oneself.")
class ChangePasswordInput:
    password: str = strawberry.field(description="The password of the account as it is now.")
    new_password: str = strawberry.field(
        description="At least 8 characters, at most 1,024 bytes of UTF-8."
    )

    # Stands in logs and traces without what was typed.
    __repr__ = object.__repr__


@strawberry.input(description="Another e-mail address for oneself.")
class ChangeEmailInput:
    email: str = strawberry.field(description="The address that a code is sent to.")
    password: str = strawberry.field(description="The password of the account, once more.")

    __repr__ = object.__repr__


@strawberry.input(description="What came by e-mail to prove an address.")
class VerifyEmailInput:
    code: str = strawberry.field(description="The code in the mail. It can be used once.")

    __repr__ = object.__repr__


@strawberry.input(description="Who forgot a password.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="The e-mail address of the account.")


@strawberry.input(description="What came by e-mail, and the password to have from now on.")
class ResetPasswordInput:
    code: str = strawberry.field(
        description="The code in the mail. It can be used once, within an hour."
    )
    password: str = strawberry.field(
        description="At least 8 characters, at most 1,024 bytes of UTF-8."
    )

    __repr__ = object.__repr__


@strawberry.type(description="What only you see of your account.")
class Account:
    email: str = strawberry.field(description="The address that you log in and get mails with.")
    email_verified_at: datetime | None = strawberry.field(
        description="When a code that was sent to it came back; null until then."
    )
    new_email: str | None = strawberry.field(
        description="The address that you asked to change to and have not confirmed yet."
    )

    @classmethod
    def of(cls, row: AccountRow, awaited: str | None) -> Self:
        return cls(email=row.email, email_verified_at=row.verified_at, new_email=awaited)


@strawberry.type(description="An account, or what stood in the way.")
class AccountPayload:
    account: Account | None = strawberry.field(
        default=None, description="The account; null when it was refused."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )


@strawberry.type(description="What stood in the way of sending a mail, if anything did.")
class MailPayload:
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused; empty when it was not."
    )
