"""What a user can do wrong, as part of an answer."""

from enum import Enum

import strawberry


@strawberry.enum(description="What kind of refusal it is.")
class ErrorCode(Enum):
    INVALID = strawberry.enum_value("INVALID", description="The value cannot be used as it is.")
    TAKEN = strawberry.enum_value("TAKEN", description="Somebody else has it already.")
    NOT_FOUND = strawberry.enum_value(
        "NOT_FOUND", description="It does not exist, or you may not know of it."
    )
    NOT_ALLOWED = strawberry.enum_value("NOT_ALLOWED", description="You may not do this to it.")
    TOO_LARGE = strawberry.enum_value("TOO_LARGE", description="The file is larger than allowed.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="The text is longer than allowed.")
    UNSUPPORTED_TYPE = strawberry.enum_value(
        "UNSUPPORTED_TYPE", description="Files of this type are not accepted."
    )
    MISSING_OBJECT = strawberry.enum_value(
        "MISSING_OBJECT", description="The bytes have not arrived in the object store."
    )
    EXPIRED = strawberry.enum_value(
        "EXPIRED", description="It was granted for a time that is over."
    )
    CONFLICT = strawberry.enum_value(
        "CONFLICT", description="It contradicts something that happened before."
    )
    WRONG_CREDENTIALS = strawberry.enum_value(
        "WRONG_CREDENTIALS", description="The login, the password or the token is wrong."
    )
    QUOTA_EXCEEDED = strawberry.enum_value(
        "QUOTA_EXCEEDED",
        description="You may not keep more; `uploadQuota` says how much you do and may.",
    )


@strawberry.interface(description="A refusal that the user can understand and act on.")
class UserError:
    code: ErrorCode = strawberry.field(description="The kind of refusal, for programs.")
    message: str = strawberry.field(
        description="What was wrong and what would be right, in English, for people."
    )
    path: list[str] = strawberry.field(description='Where in the input, e.g. ["input", "caption"].')


@strawberry.type(description="A refusal because of something in the input.")
class InputError(UserError):
    pass
