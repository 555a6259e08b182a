"""The one place where a refusal becomes part of an answer."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

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
            return await resolver(*arguments, **named)
        except Refusal as refusal:
            return payload(errors=[_shown(refusal)])
        except Refusals as several:
            return payload(errors=[_shown(refusal) for refusal in several.refusals])

    return answer


def _shown(refusal: Refusal) -> InputError:
    return InputError(
        code=ErrorCode(refusal.code), message=refusal.message, path=list(refusal.path)
    )
