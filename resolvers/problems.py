"""The one place where a refusal becomes part of an answer."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import strawberry

from schema.errors import ErrorCode, InputError
from storage.refusals import Refusal, Refusals

Arguments = ParamSpec("Arguments")
Payload = TypeVar("Payload")


def answering(
    resolver: Callable[Arguments, Awaitable[Payload]],
) -> Callable[Arguments, Awaitable[Payload]]:
    """*resolver*, with the refusals it raises as the `errors` of its payload."""
    payload: Callable[..., Payload] = inspect.get_annotations(resolver, eval_str=True)["return"]

    @functools.wraps(resolver)
    async def answer(*arguments: Arguments.args, **named: Arguments.kwargs) -> Payload:
        try:
            answered = await resolver(*arguments, **named)
        except Refusal as refusal:
            return payload(errors=[_shown(refusal)])
        except Refusals as several:
            return payload(errors=[_shown(refusal) for refusal in several.refusals])
        # An operation may hold several mutations, and each answer shows what is true after it.
        info = named.get("info")
        if isinstance(info, strawberry.Info):
            info.context.forget()
        return answered

    return answer


def _shown(refusal: Refusal) -> InputError:
    return InputError(
        code=ErrorCode(refusal.code), message=refusal.message, path=list(refusal.path)
    )
